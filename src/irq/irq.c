// SPDX-License-Identifier: MIT
/*
 * irq.c - descriptors: who is routed where, and request_irq().
 *
 * Linux: kernel/irq/irqdesc.c, manage.c; arch/x86/kernel/apic/io_apic.c.
 */
#include <irq/irq.h>

#include <apic/ioapic.h>
#include <apic/lapic.h>
#include <cpu/irqflags.h>
#include <lib/errno.h>

#define NR_ACTIONS 64
#define NR_CLAIMS  32

/* Task context of the boot CPU writes all of these. */
static struct irq_desc irq_descs[NR_IRQS];
static struct irqaction actions[NR_ACTIONS];

static struct {
	struct irq_desc desc;
	struct irqaction action;
} claims[NR_CLAIMS];

static void ioapic_mask(struct irq_desc *desc)
{
	gsi_set_mask(desc->gsi, true);
}

static void ioapic_unmask(struct irq_desc *desc)
{
	gsi_set_mask(desc->gsi, false);
}

static void ioapic_ack(struct irq_desc *desc)
{
	apic_eoi();
}

static const struct irq_chip ioapic_chip = {
	.name = "IO-APIC",
	.irq_mask = ioapic_mask,
	.irq_unmask = ioapic_unmask,
	.irq_ack = ioapic_ack,
	.irq_eoi = ioapic_ack,
};

struct irq_desc *irq_to_desc(u32 irq)
{
	return irq < NR_IRQS ? &irq_descs[irq] : NULL;
}

void early_irq_init(void)
{
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		irq_descs[irq] = (struct irq_desc){
			.irq = irq,
			.gsi = irq,
			.chip = &ioapic_chip,
			.level = irq >= NR_LEGACY_IRQS, /* PCI's character */
			.active_low = irq >= NR_LEGACY_IRQS,
		};
	}
}

void init_IRQ(const struct acpi_info *info)
{
	for (u8 irq = 0; irq < NR_LEGACY_IRQS; irq++) {
		struct irq_desc *desc = &irq_descs[irq];
		u16 flags = 0;

		acpi_isa_irq_to_gsi(info, irq, &desc->gsi, &flags);
		desc->level = flags & ACPI_IRQ_LEVEL;
		desc->active_low = flags & ACPI_IRQ_LOW;
		desc->vector = ISA_IRQ_VECTOR(irq);
	}
}

/* Above the ISA vectors, one for each irq that asks, lowest free first. */
static int assign_vector(struct irq_desc *desc)
{
	struct irq_desc **table = this_vector_irq(0);
	u32 v = desc->vector;

	if (v && (!table[v] || table[v] == desc))
		return 0;
	for (v = ISA_IRQ_VECTOR(NR_LEGACY_IRQS); v < FIRST_SYSTEM_VECTOR; v++) {
		if (v == IA32_SYSCALL_VECTOR || table[v])
			continue;
		desc->vector = (u8)v;
		return 0;
	}
	return -ENOSPC;
}

static int startup(struct irq_desc *desc)
{
	union ioapic_rte rte = {
		.delivery_mode = APIC_DM_FIXED >> 8,
		.active_low = desc->active_low,
		.level = desc->level,
		.dest = this_cpu(apic_id),
	};
	int err = assign_vector(desc);

	if (err)
		return err;
	if (this_cpu(apic_id) > 0xff)
		return -ERANGE; /* needs interrupt remapping */
	rte.vector = desc->vector;
	desc->handle_irq = desc->level ? handle_fasteoi_irq : handle_edge_irq;
	*this_vector_irq(desc->vector) = desc;
	gsi_write_rte(desc->gsi, rte);
	return 0;
}

static void shutdown(struct irq_desc *desc)
{
	gsi_write_rte(desc->gsi, (union ioapic_rte){ .masked = 1 });
	*this_vector_irq(desc->vector) = NULL;
	desc->depth = 0;
	desc->total = desc->unhandled = 0;
	desc->disabled_by_spurious = false;
}

static struct irqaction *new_action(irq_handler_t handler, u32 flags,
				    const char *name, void *dev)
{
	for (u32 i = 0; i < NR_ACTIONS; i++) {
		if (actions[i].handler)
			continue;
		actions[i] = (struct irqaction){ .handler = handler,
						 .dev = dev,
						 .flags = flags,
						 .name = name };
		return &actions[i];
	}
	return NULL;
}

static int add_action(struct irq_desc *desc, struct irqaction *action)
{
	struct irqaction **tail = &desc->action;
	bool first = !desc->action;
	u64 flags;
	int err;

	while (*tail)
		tail = &(*tail)->next;
	flags = local_irq_save();
	*tail = action;
	desc->name = action->name;
	err = first ? startup(desc) : 0;
	if (err)
		*tail = NULL;
	local_irq_restore(flags);
	return err;
}

/* Both sides of a shared line must have said so, and agree on the trigger. */
static bool may_join(const struct irq_desc *desc, u32 flags)
{
	u32 trigger = flags & (IRQF_TRIGGER_LOW | IRQF_TRIGGER_HIGH);
	u32 line = !desc->level	      ? 0
		   : desc->active_low ? IRQF_TRIGGER_LOW
				      : IRQF_TRIGGER_HIGH;

	return desc->action->flags & flags & IRQF_SHARED &&
	       (!trigger || trigger == line);
}

int request_irq(u32 irq, irq_handler_t handler, u32 flags, const char *name,
		void *dev)
{
	struct irq_desc *desc = irq_to_desc(irq);
	struct irqaction *action;
	u32 pin;
	int err;

	if (!desc || !handler || ((flags & IRQF_SHARED) && !dev))
		return -EINVAL;
	if (!ioapic_of_gsi(desc->gsi, &pin))
		return -ENODEV;
	if (desc->action && !may_join(desc, flags))
		return -EBUSY;
	if (flags & (IRQF_TRIGGER_LOW | IRQF_TRIGGER_HIGH)) {
		desc->level = true;
		desc->active_low = flags & IRQF_TRIGGER_LOW;
	}
	action = new_action(handler, flags, name, dev);
	if (!action)
		return -ENOMEM;
	err = add_action(desc, action);
	if (err)
		action->handler = NULL;
	return err;
}

/* The link that leads to dev's action, or to the chain's NULL end. */
static struct irqaction **find_action(struct irq_desc *desc, const void *dev)
{
	struct irqaction **link = &desc->action;

	while (*link && (*link)->dev != dev)
		link = &(*link)->next;
	return link;
}

int free_irq(u32 irq, void *dev)
{
	struct irq_desc *desc = irq_to_desc(irq);
	struct irqaction **link, *action;
	u64 flags;

	if (!desc)
		return -EINVAL;
	link = find_action(desc, dev);
	action = *link;
	if (!action)
		return -ENOENT;
	flags = local_irq_save();
	*link = action->next;
	if (!desc->action)
		shutdown(desc);
	action->handler = NULL;
	local_irq_restore(flags);
	return 0;
}

void irq_free_lines(void)
{
	for (u32 irq = 0; irq < NR_IRQS; irq++) {
		while (irq_descs[irq].action)
			free_irq(irq, irq_descs[irq].action->dev);
	}
}

void disable_irq(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	u64 flags = local_irq_save();

	if (desc && desc->action && !desc->depth++)
		desc->chip->irq_mask(desc);
	local_irq_restore(flags);
}

void enable_irq(u32 irq)
{
	struct irq_desc *desc = irq_to_desc(irq);
	u64 flags = local_irq_save();

	if (desc && desc->depth && !--desc->depth)
		desc->chip->irq_unmask(desc);
	local_irq_restore(flags);
}

int irq_claim_vector(u32 vector, irq_handler_t handler, void *dev)
{
	struct irq_desc **slot;

	if (vector < FIRST_EXTERNAL_VECTOR || vector >= FIRST_SYSTEM_VECTOR ||
	    vector == IA32_SYSCALL_VECTOR || !handler)
		return -EINVAL;
	slot = this_vector_irq(vector);
	if (*slot)
		return -EBUSY;
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (claims[i].desc.action)
			continue;
		claims[i].action =
			(struct irqaction){ .handler = handler, .dev = dev };
		claims[i].desc = (struct irq_desc){
			.handle_irq = handle_percpu_irq,
			.action = &claims[i].action,
			.irq = vector, /* its handler is told this */
			.vector = (u8)vector,
		};
		WRITE_ONCE(*slot, &claims[i].desc);
		return 0;
	}
	return -ENOMEM;
}

void irq_release_vector(u32 vector)
{
	struct irq_desc **slot;

	if (vector >= NR_VECTORS)
		return;
	slot = this_vector_irq(vector);
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (*slot != &claims[i].desc)
			continue;
		WRITE_ONCE(*slot, NULL);
		claims[i].desc.action = NULL;
	}
}

void irq_release_claims(void)
{
	for (u32 i = 0; i < NR_CLAIMS; i++) {
		if (claims[i].desc.action)
			irq_release_vector(claims[i].desc.vector);
	}
}
