// SPDX-License-Identifier: MIT
/*
 * options.c - where the option words come from: LoadOptions (boot entries and
 * the UEFI shell), else \irqbed.cfg on the volume irqbed was started from.
 *
 * Spec: UEFI 2.10 "EFI_LOADED_IMAGE_PROTOCOL", "EFI_FILE_PROTOCOL".
 */
#include "efi_main.h"
#include <lib/string.h>

#define TEXT_MAX 4096 /* the complaint says so */

static char text[TEXT_MAX];
static bool cut; /* there was more than that */
static EFI_GUID guid_fs = SIMPLE_FILE_SYSTEM_PROTOCOL;

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Narrow to ASCII; what is not becomes '?', so a bad word names itself. */
static size_t narrow(const CHAR16 *wide, size_t chars)
{
	size_t n = 0;

	for (; n < chars && n < TEXT_MAX - 1 && wide[n]; n++)
		text[n] = wide[n] < 127 ? (char)wide[n] : '?';
	text[n] = '\0';
	cut = n < chars && wide[n];
	return n;
}

/* Half a word may be a good one: "repeat=10" of "repeat=1000". */
static void drop_cut_word(void)
{
	size_t n = strlen(text);

	while (n && !is_space(text[n - 1]))
		n--;
	text[n] = '\0';
}

static bool has_words(const char *s)
{
	while (is_space(*s))
		s++;
	return *s != '\0';
}

/* Boot managers may store binary data here: only printable text counts. */
static bool looks_like_text(const CHAR16 *wide, size_t chars)
{
	for (size_t i = 0; i < chars && wide[i]; i++) {
		CHAR16 c = wide[i];

		if (c >= 127 || (c < ' ' && !is_space((char)c)))
			return false;
	}
	return chars > 0;
}

static bool from_load_options(EFI_LOADED_IMAGE *loaded, const char **words)
{
	const CHAR16 *wide = loaded->LoadOptions;
	size_t chars = loaded->LoadOptionsSize / sizeof(CHAR16);

	if (!wide || !looks_like_text(wide, chars))
		return false;
	narrow(wide, chars);
	*words = options_skip_command(text);
	return has_words(*words);
}

static bool from_file(EFI_LOADED_IMAGE *loaded)
{
	EFI_FILE_IO_INTERFACE *fs;
	EFI_FILE *root, *file;
	UINTN size = TEXT_MAX - 1, more = 1;
	char next;
	EFI_STATUS status;

	if (EFI_ERROR(bs->HandleProtocol(loaded->DeviceHandle, &guid_fs,
					 (void **)&fs)) ||
	    EFI_ERROR(fs->OpenVolume(fs, &root)))
		return false;
	status = root->Open(root, &file, (CHAR16 *)L"\\irqbed.cfg",
			    EFI_FILE_MODE_READ, 0);
	if (!EFI_ERROR(status)) {
		status = file->Read(file, &size, text);
		cut = size == TEXT_MAX - 1 &&
		      !EFI_ERROR(file->Read(file, &more, &next)) && more;
		file->Close(file);
	}
	root->Close(root);
	if (EFI_ERROR(status))
		return false;
	text[size] = '\0';
	return true;
}

void efi_read_options(EFI_LOADED_IMAGE *loaded, struct boot_info *info)
{
	const char *words = text;

	options_default(&info->options);
	if (from_load_options(loaded, &words)) {
		strscpy(info->options_from, "LoadOptions",
			sizeof(info->options_from));
	} else if (from_file(loaded)) {
		strscpy(info->options_from, "irqbed.cfg",
			sizeof(info->options_from));
		words = text;
	} else {
		strscpy(info->options_from, "nothing",
			sizeof(info->options_from));
		return;
	}
	if (cut)
		drop_cut_word();
	options_parse(&info->options, words, &info->option_errors);
	if (cut)
		options_complain(&info->option_errors,
				 "words beyond 4095 characters are not read");
}
