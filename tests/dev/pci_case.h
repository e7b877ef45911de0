/* SPDX-License-Identifier: MIT */
/*
 * pci_case.h - what the suites `pci` and `msi` share: each case is judged by
 * every source of this machine that can do what it needs, one by one.
 */
#pragma once

#include <dev/pci_source.h>
#include <ktest/ktest.h>
#include <ktest/pin.h>

/* What a source must be able to do. */
#define HAS_INTX BIT(0) /* and a pin of an IOAPIC that it was seen at */
#define HAS_MSI	 BIT(1)
#define HAS_MASK BIT(2) /* an MSI capability with mask bits */
#define HAS_MSIX BIT(3) /* with vectors that can be raised one by one */
#define HAS_TWO	 BIT(4) /* or more of them */
#define HAS_MANY BIT(5) /* MSI of several messages, and says which it sends */

/* The source that is judged now; open. */
extern const struct pci_dev *pdev;
extern enum pci_source src;

/* A vector of the case's own, counted, for messages and pins. */
extern struct pin pin;

/*
 * Call judge for each source that has all of needs; a failure names it. None:
 * SKIP with the reason. Everything is put back after each.
 */
void each_source(u32 needs, void (*judge)(void));

/*
 * The same for one source, which judge knows: SKIP if this machine has none;
 * one that does not start fails the case.
 */
void one_source(enum pci_source s, u32 needs, void (*judge)(void));

/*
 * By MSI-X, some causes, each cleared at once: true if one more message came
 * than there were causes.
 */
bool repeats_messages(void);

/* The suites' teardown: the same after a case that was broken off. */
void pci_case_close(void);

/* Raise and, once what came was counted, lower: how many came. */
u32 raised(u32 want);

/*
 * MSI-X: what other cases left pending in src comes with an event. Raise one,
 * and have done with all that came; the caller forgets its counts.
 */
void absorb_pending(void);

/* The command register with bits set or clear. */
void set_command(u32 bits, bool on);
bool intx_status(void);

/*
 * The GSI of src's INTx pin, found by looking: no AML is read here. -ENODEV:
 * none. Measured once a source. flags are its line's ACPI_IRQ_*.
 */
int intx_gsi(u32 *flags);

/* handler at src's pin, level-triggered, and the function let through. */
bool intx_begin(void (*handler)(struct pin *pin));

/* Its irq number for request_irq(). */
u32 intx_irq(void);

/*
 * MSI-X: nr entries lead to pins with vectors of their own; enabled, nothing
 * masked, and no event of before.
 */
#define MAX_ENTRIES 2
extern struct pin entry_pin[MAX_ENTRIES];
bool msix_begin(u32 nr);
void msix_end(void); /* the table as it was, disabled */
void msix_control(u16 bits);
void msix_point(u32 n, u32 vector);
void msix_mask(u32 n, bool on);
bool msix_pending(u32 n);
extern struct pci_msix_cap msix;

/* MSI: pin claimed, its vector's message written, enabled. */
bool msi_begin(void);
extern struct pci_msi_cap msi;
extern struct msi_msg msg; /* as it was written by msi_begin() */
void msi_rewrite(void);	   /* write msg anew, disabled meanwhile */
void msi_enable(bool on);
