// SPDX-License-Identifier: MIT
/*
 * pure_pf_model.c - see pf_model.h. Written from the manuals' sentences, a
 * function each, and never from what a machine does.
 */
#include "pf_model.h"

#include <asm/pgtable.h>

/* What all entries of the walk say together. */
struct rights {
	bool write, user, nx;
	u32 key;
};

/*
 * SDM 3A "Page-Fault Exceptions": address bits from MAXPHYADDR up; PS where no
 * page is mapped; address bits inside a large page; bit 63 without NXE.
 */
static u64 reserved_bits(const struct pf_mode *mode, int level, u64 entry)
{
	u64 bits = PTE_PFN_MASK & ~(BIT(mode->maxphyaddr) - 1);

	if (!mode->nxe)
		bits |= _PAGE_NX;
	if (level >= 4 || (level == 3 && !mode->gbpages))
		bits |= _PAGE_PSE;
	if (!(entry & _PAGE_PSE))
		return bits;
	if (level == 3)
		bits |= HUGE_PAGE_SIZE - 2 * PAGE_SIZE; /* bit 12 is PAT */
	if (level == 2)
		bits |= LARGE_PAGE_SIZE - 2 * PAGE_SIZE;
	return bits;
}

/* 0, or what ends the walk: not present, a reserved bit. */
static bool walk(const struct pf_mode *mode, const struct pf_ask *ask,
		 struct rights *r, u64 *code)
{
	*r = (struct rights){ .write = true, .user = true };
	for (int level = ask->levels; level >= 1; level--) {
		u64 entry = ask->entry[ask->levels - level];

		if (!(entry & _PAGE_PRESENT))
			return false;
		if (entry & reserved_bits(mode, level, entry)) {
			*code |= X86_PF_PROT | X86_PF_RSVD;
			return false;
		}
		r->write &= !!(entry & _PAGE_RW);
		r->user &= !!(entry & _PAGE_USER);
		r->nx |= !!(entry & _PAGE_NX);
		r->key = entry >> 59 & 15;
		if (level == 1 || (level <= 3 && entry & _PAGE_PSE))
			return true;
	}
	return true;
}

static bool user_access(const struct pf_ask *ask)
{
	return ask->cpl3 && !ask->implicit;
}

/* SDM 3A "Determination of Access Rights", but for protection keys. */
static bool allowed(const struct pf_mode *mode, const struct pf_ask *ask,
		    const struct rights *r)
{
	bool user = user_access(ask);

	if (user && !r->user)
		return false;
	if (ask->access == PF_FETCH)
		return !r->nx && (user || !r->user || !mode->smep);
	if (!user && r->user && mode->smap && (ask->implicit || !ask->ac))
		return false;
	return ask->access == PF_READ || r->write || (!user && !mode->wp);
}

/* SDM 3A "Protection Keys": of data accesses only. */
static bool key_denies(const struct pf_mode *mode, const struct pf_ask *ask,
		       const struct rights *r)
{
	u32 reg = 0;

	if (r->user && mode->pke)
		reg = mode->pkru;
	else if (!r->user && mode->pks)
		reg = mode->pkrs;
	reg >>= 2 * r->key;
	if (ask->access == PF_FETCH)
		return false;
	if (reg & 1)
		return true;
	return reg & 2 && ask->access == PF_WRITE &&
	       (mode->wp || user_access(ask));
}

/* What the access itself says, before any entry is read. */
static struct pf_answer of_the_access(const struct pf_mode *mode,
				      const struct pf_ask *ask)
{
	struct pf_answer a = { .fault = true };

	if (ask->access == PF_WRITE)
		a.code |= X86_PF_WRITE;
	if (user_access(ask))
		a.code |= X86_PF_USER;
	if (ask->access != PF_FETCH)
		return a;
	if (mode->nxe || mode->smep)
		a.code |= X86_PF_INSTR;
	if (!mode->nxe && mode->amd) /* the APM defines it with NXE only */
		a.open |= X86_PF_INSTR;
	return a;
}

struct pf_answer pf_model(const struct pf_mode *mode, const struct pf_ask *ask)
{
	struct pf_answer a = of_the_access(mode, ask);
	bool ok, denied;
	struct rights r;

	if (!walk(mode, ask, &r, &a.code))
		return a;
	ok = allowed(mode, ask, &r);
	denied = key_denies(mode, ask, &r);
	if (ok && !denied)
		return (struct pf_answer){ .fault = false };
	a.code |= X86_PF_PROT;
	if (!denied)
		return a;
	a.code |= X86_PF_PK;
	/* Two reasons: the SDM wants both told; one names none of them. */
	if (!ok && (mode->amd || (user_access(ask) && !r.user)))
		a.open |= X86_PF_PK;
	return a;
}
