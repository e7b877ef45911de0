// SPDX-License-Identifier: MIT
/* What the cases of suite vtd share; and everything put back after each. */
#include "vtd.h"

#include <acpi/tables.h>
#include <apic/lapic.h>
#include <cpu/percpu.h>
#include <dev/pci_source.h>
#include <ktest/arrivals.h>

struct intel_iommu *vtd;
struct acpi_drhd_scope vtd_ioapic;
bool vtd_eim;
struct pin vtd_pin;
const char *vtd_why;
static enum wire wire;

/* What cases write beside the table. The data before what enables it. */
static const u8 kept_regs[] = {
	DMAR_IRTA_REG,	  DMAR_IRTA_REG + 4, DMAR_FEDATA_REG, DMAR_FEADDR_REG,
	DMAR_FEUADDR_REG, DMAR_FECTL_REG,    DMAR_IEDATA_REG, DMAR_IEADDR_REG,
	DMAR_IEUADDR_REG, DMAR_IECTL_REG,
};
static u32 kept[ARRAY_SIZE(kept_regs)];
static bool in_use;

static bool lacks(const char *why)
{
	vtd_why = why;
	return false;
}

bool vtd_find(void)
{
	const struct acpi_dmar *dmar = &acpi_tables.dmar;
	const struct acpi_drhd_scope *s;

	if (!dmar->present || !(dmar->flags & ACPI_DMAR_INTR_REMAP))
		return lacks("no DMAR table declares interrupt remapping");
	if (!nr_ioapics)
		return lacks("no I/O APIC");
	s = acpi_dmar_scope(dmar, ACPI_SCOPE_IOAPIC, (u8)ioapics[0].id);
	if (!s)
		return lacks("no unit's scope names the I/O APIC");
	vtd = &dmar_units[s->drhd];
	vtd_ioapic = *s;
	if (!vtd->base)
		return lacks("the unit does not answer");
	for (u32 i = 0; !in_use && i < ARRAY_SIZE(kept_regs); i++)
		kept[i] = dmar_readl(vtd, kept_regs[i]);
	in_use = true;
	return true;
}

bool vtd_on(void)
{
	struct dmar_fault stale;

	if (!vtd_find())
		return false;
	vtd_eim = apic_is_x2apic;
	if (vtd_eim && !(vtd->ecap & ECAP_EIM))
		return lacks("x2APIC mode wants a unit with EIM");
	if (!EXPECT_EQ(intr_remap_enable(vtd, vtd_eim), 0))
		return lacks("remapping cannot be enabled");
	dmar_take_faults(vtd, &stale);
	return true;
}

union irte vtd_irte(void)
{
	return prepare_irte(VTD_VECTOR, this_cpu(apic_id), vtd_eim);
}

void vtd_set(u16 index, union irte irte)
{
	EXPECT_EQ(modify_irte(vtd, index, irte), 0);
}

void vtd_point_pin(union ioapic_rte rte)
{
	gsi_write_rte(vtd_pin.gsi, rte);
}

bool vtd_open_pin(void)
{
	if (!vtd_on())
		return false;
	vtd_pin = (struct pin){ .vector = VTD_VECTOR };
	wire = pin_on_any_wire(&vtd_pin, (union ioapic_rte){ .masked = 1 });
	if (wire == NR_WIRES)
		return lacks(NO_WIRE);
	vtd_set(VTD_INDEX, vtd_irte());
	vtd_point_pin(ir_ioapic_rte(VTD_INDEX, VTD_VECTOR));
	return true;
}

void vtd_raise(void)
{
	wire_raise(wire);
}

void vtd_lower(void)
{
	wire_lower(wire);
}

u32 vtd_pulse(u32 want)
{
	u32 before = vtd_pin.count;

	vtd_raise();
	pin_wait(&vtd_pin, before + want);
	vtd_lower();
	return vtd_pin.count - before;
}

bool vtd_blocked(struct dmar_fault *fault)
{
	bool ok = EXPECT_EQ(vtd_pulse(0), 0);

	*fault = (struct dmar_fault){ 0 };
	return EXPECT_EQ(dmar_take_faults(vtd, fault), 1) && ok;
}

/* Sources first: what they still send must find its entry. */
static void put_back(void)
{
	struct dmar_fault fault;

	vtd_affinity_close();
	for (u32 s = 0; in_use && s < NR_PCI_SOURCES; s++)
		pci_source_close(s);
	pins_close();
	arrivals_close();
	logical_model_end();
	if (!in_use)
		return;
	in_use = false;
	intr_remap_disable(vtd);
	dmar_command(vtd, DMA_GSTS_CFIS, vtd->fw_gsts & DMA_GSTS_CFIS);
	dmar_take_faults(vtd, &fault);
	dmar_writel(vtd, DMAR_FSTS_REG, DMA_FSTS_IQE);
	dmar_writel(vtd, DMAR_ICS_REG, DMA_ICS_IWC);
	for (u32 i = 0; i < ARRAY_SIZE(kept_regs); i++)
		dmar_writel(vtd, kept_regs[i], kept[i]);
}

SUITE(vtd, .teardown = put_back);
