// SPDX-License-Identifier: MIT
/*
 * worker.c - kworkers: who takes works from a pool's list, and how many.
 *
 * In a CPU's pool one worker runs. When it sleeps in a work, and there is more
 * to do, the scheduler wakes another; whoever begins to work first sees to it
 * that one more is idle. The unbound pool wakes one for each work.
 *
 * Linux: kernel/workqueue.c worker_thread(), wq_worker_sleeping().
 */
#include <bh/softirq.h>
#include <console/printk.h>
#include <cpu/cpumask.h>
#include <cpu/irqflags.h>
#include <sched/kthread.h>
#include <trace/events.h>

#include "internal.h"
#include "workqueue_internal.h"

#define NR_WORKERS    1024
#define MAX_PER_CPU   32 /* stacks are few */
#define IDLE_RESERVED 1

/* The second one of each is WQ_HIGHPRI's. */
static DEFINE_PER_CPU(struct worker_pool, cpu_pools[2]);
static struct worker_pool unbound_pools[2];

/* A free one has no task. Under table_lock. */
static struct worker workers[NR_WORKERS];
static u32 nr_slots; /* behind the last one that was ever taken */
static DEFINE_SPINLOCK(table_lock);

struct worker_pool *get_pool(u32 cpu, bool highpri)
{
	return cpu < NR_CPUS ? per_cpu_ptr(&cpu_pools[highpri], cpu)
			     : &unbound_pools[highpri];
}

struct worker *current_worker(void)
{
	return current->worker;
}

u32 nr_workers(u32 cpu)
{
	return READ_ONCE(get_pool(cpu, false)->nr_workers);
}

u32 nr_idle_workers(u32 cpu)
{
	return READ_ONCE(get_pool(cpu, false)->nr_idle);
}

static bool is_bound(const struct worker_pool *pool)
{
	return pool->cpu < NR_CPUS;
}

/* The next one from cpu on with nothing to do, or cpu. */
static u32 idle_cpu_from(u32 cpu)
{
	u32 at = cpu;

	for (u32 i = 0; i < nr_cpu_ids; i++) {
		if (cpu_online(at) &&
		    is_idle_task(READ_ONCE(cpu_hot(at)->current_task)))
			return at;
		at = at + 1 < nr_cpu_ids ? at + 1 : 0;
	}
	return cpu;
}

void place_idle_worker(struct worker_pool *pool)
{
	struct task_struct *task;

	if (list_empty(&pool->idle))
		return;
	task = list_first_entry(&pool->idle, struct worker, idle_entry)->task;
	set_cpus_allowed(task, idle_cpu_from(READ_ONCE(task->wake_cpu)));
}

void kick_pool(struct worker_pool *pool)
{
	if (!is_bound(pool))
		place_idle_worker(pool);
	__kick_pool(pool);
}

static bool need_more_worker(const struct worker_pool *pool)
{
	return !list_empty(&pool->worklist) &&
	       (!pool->nr_running || !is_bound(pool));
}

struct worker *find_worker_executing(struct worker_pool *pool,
				     const struct work_struct *work)
{
	struct worker *w;

	list_for_each_entry(w, &pool->workers, entry)
	{
		if (w->current_work == work && w->current_func == work->func)
			return w;
	}
	return NULL;
}

/* From schedule(): a worker goes to sleep in a work. Preemption off. */
void wq_worker_sleeping(struct worker *w)
{
	struct worker_pool *pool = w->pool;
	u64 flags = raw_spin_lock_irqsave(&pool->lock);

	if (w->current_work && !w->sleeping) {
		w->sleeping = true;
		pool->nr_running--;
		if (!list_empty(&pool->worklist))
			kick_pool(pool);
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
}

/* From schedule(): it goes on. */
void wq_worker_running(struct worker *w)
{
	u64 flags = raw_spin_lock_irqsave(&w->pool->lock);

	if (w->sleeping) {
		w->sleeping = false;
		w->pool->nr_running++;
	}
	raw_spin_unlock_irqrestore(&w->pool->lock, flags);
}

/* Locked. */
static void enter_idle(struct worker_pool *pool, struct worker *w)
{
	list_add(&w->idle_entry, &pool->idle);
	pool->nr_idle++;
}

static void leave_idle(struct worker_pool *pool, struct worker *w)
{
	list_del(&w->idle_entry);
	pool->nr_idle--;
}

static struct worker *take_slot(void)
{
	struct worker *found = NULL;
	u64 flags = spin_lock_irqsave(&table_lock);

	for (u32 i = 0; i < NR_WORKERS && !found; i++) {
		if (!workers[i].pool)
			found = &workers[i];
	}
	if (found) {
		found->pool = &unbound_pools[0]; /* taken */
		nr_slots = max(nr_slots, (u32)(found - workers) + 1);
	}
	spin_unlock_irqrestore(&table_lock, flags);
	return found;
}

static int worker_thread(void *arg);

/* Unbound ones are spread over the CPUs. */
static struct task_struct *new_thread(struct worker_pool *pool,
				      struct worker *w, u32 id)
{
	enum sched_prio prio = pool->highpri ? PRIO_HIGH : PRIO_NORMAL;
	u32 n = num_online_cpus(), cpu = pool->cpu;
	const char *high = pool->highpri ? "H" : "";

	if (is_bound(pool))
		return kthread_create_on_cpu(worker_thread, w, cpu, prio,
					     "kworker/%u:%u%s", cpu, id, high);
	cpu = cpumask_next(0, &cpu_online_mask);
	for (u32 i = 0; i < id % n; i++)
		cpu = cpumask_next(cpu + 1, &cpu_online_mask);
	return kthread_create_on_cpu(worker_thread, w, cpu, prio,
				     "kworker/u:%u%s", id, high);
}

/* Task context, not locked. */
static bool create_worker(struct worker_pool *pool)
{
	struct worker *w = take_slot();
	u64 flags;
	u32 id;

	if (!w)
		return false;
	id = __atomic_fetch_add(&pool->next_id, 1, __ATOMIC_RELAXED);
	w->pool = pool;
	w->current_work = NULL;
	w->sleeping = false;
	INIT_LIST_HEAD(&w->scheduled);
	w->task = new_thread(pool, w, id);
	if (!w->task) {
		w->pool = NULL;
		return false;
	}
	w->task->worker = w;
	flags = raw_spin_lock_irqsave(&pool->lock);
	list_add_tail(&w->entry, &pool->workers);
	pool->nr_workers++;
	enter_idle(pool, w);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	wake_up_process(w->task);
	return true;
}

/* Locked; dropped meanwhile. One idle one must be left when this one works. */
static __noinline void manage_workers(struct worker_pool *pool)
{
	if (pool->managed || pool->nr_workers >= MAX_PER_CPU)
		return;
	pool->managed = true;
	raw_spin_unlock_irq(&pool->lock);
	create_worker(pool);
	raw_spin_lock_irq(&pool->lock);
	pool->managed = false;
}

/* Linux leaves it so, and its worker can never sleep again. */
static __noinline void leaked_atomic(const struct worker *w, bool irqs_off)
{
	u32 count = preempt_count();

	preempt_count_leaked(0);
	printk("# BUG: workqueue leaked atomic or irqs off: %s[%u]",
	       current->comm, current->pid);
	printk("#      preempt=0x%08x irqs_disabled()=%d workfn=0x%016llx",
	       count, irqs_off, (unsigned long long)(u64)w->current_func);
}

/* IF=0 on entry and exit. */
static __noinline void call_observed(struct worker *w, struct work_struct *work)
{
	work_func_t func = w->current_func;

	local_irq_enable();
	trace_workqueue_execute_start(work, func);
	func(work);
	trace_workqueue_execute_end(work, func);
	if (irqs_disabled())
		leaked_atomic(w, true);
	local_irq_disable();
}

/* Locked on entry and exit, not while the function runs. */
static __always_inline void process_one_work(struct worker_pool *pool,
					     struct worker *w,
					     struct work_struct *work)
{
	struct pool_workqueue *pwq = work->pwq;
	work_func_t func = work->func;
	u32 color = work->color;

	list_del_init(&work->entry);
	w->current_work = work;
	w->current_func = func;
	w->current_pwq = pwq;
	pool->nr_busy++;
	__atomic_fetch_and(&work->flags,
			   ~(WORK_STRUCT_PENDING | WORK_STRUCT_LINKED),
			   __ATOMIC_SEQ_CST);
	if (!is_bound(pool) && !list_empty(&pool->worklist))
		kick_pool(pool); /* another for the next one */
	raw_spin_unlock(&pool->lock);
	if (!observed()) {
		native_irq_enable();
		func(work); /* and it may be gone */
		native_irq_disable();
	} else {
		call_observed(w, work);
	}
	if (unlikely(!this_cpu_is_zero32(preempt_count)))
		leaked_atomic(w, false);
	raw_spin_lock(&pool->lock);
	pool->nr_busy--;
	w->current_work = NULL;
	w->current_pwq = NULL;
	if (likely(pwq)) {
		pwq_dec_nr_active(pwq);
		pwq_dec_nr_in_flight(pwq, color);
	}
}

/* What goes with a work, and barriers behind it. Locked. */
static __noinline void process_scheduled(struct worker_pool *pool,
					 struct worker *w)
{
	while (!list_empty(&w->scheduled))
		process_one_work(pool, w,
				 list_first_entry(&w->scheduled,
						  struct work_struct, entry));
}

/* The first of the worklist, with those linked to it, to w. Locked. */
static void give_works(struct worker_pool *pool, struct worker *w)
{
	move_linked_works(
		list_first_entry(&pool->worklist, struct work_struct, entry),
		&w->scheduled);
}

/* Another is still in it, asleep: it is to run there once more, behind that. */
static __noinline bool give_to_who_runs_it(struct worker_pool *pool,
					   const struct work_struct *work)
{
	struct worker *other = find_worker_executing(pool, work);

	if (other)
		give_works(pool, other);
	return other;
}

/* The first of the worklist and what belongs to it. Locked. */
static __always_inline void process_first(struct worker_pool *pool,
					  struct worker *w)
{
	struct work_struct *work =
		list_first_entry(&pool->worklist, struct work_struct, entry);

	if (unlikely(pool->nr_busy) && give_to_who_runs_it(pool, work))
		return;
	if (likely(!(work->flags & WORK_STRUCT_LINKED)))
		process_one_work(pool, w, work);
	else
		give_works(pool, w);
	if (unlikely(!list_empty(&w->scheduled)))
		process_scheduled(pool, w);
}

/* In a CPU's pool one that runs is enough. */
static bool keep_working(const struct worker_pool *pool)
{
	return !list_empty(&pool->worklist) &&
	       (pool->nr_running <= 1 || !is_bound(pool));
}

/* Locked, and there is something to do. */
static __always_inline void work_through(struct worker_pool *pool,
					 struct worker *w)
{
	bool more = true;

	leave_idle(pool, w);
	if (unlikely(list_empty(&pool->idle))) {
		manage_workers(pool);
		more = need_more_worker(pool);
	}
	pool->nr_running++;
	while (more) {
		process_first(pool, w);
		more = keep_working(pool);
	}
	pool->nr_running--;
	enter_idle(pool, w);
}

static __noreturn int worker_thread(void *arg)
{
	struct worker *w = arg;
	struct worker_pool *pool = w->pool;

	local_irq_disable();
	for (;;) {
		raw_spin_lock(&pool->lock);
		if (need_more_worker(pool))
			work_through(pool, w);
		WRITE_ONCE(w->task->state, TASK_INTERRUPTIBLE);
		raw_spin_unlock(&pool->lock);
		schedule_irqoff();
	}
}

static void init_pool(u32 cpu, bool highpri)
{
	struct worker_pool *pool = get_pool(cpu, highpri);

	*pool = (struct worker_pool){ .cpu = cpu, .highpri = highpri };
	INIT_LIST_HEAD(&pool->worklist);
	INIT_LIST_HEAD(&pool->workers);
	INIT_LIST_HEAD(&pool->idle);
}

/* Made with the first queue that needs one; two at once may make two. */
static bool have_worker(struct worker_pool *pool)
{
	return READ_ONCE(pool->nr_workers) || create_worker(pool);
}

bool make_workers(u32 flags)
{
	bool highpri = flags & WQ_HIGHPRI, made = true;
	u32 cpu;

	if (flags & WQ_UNBOUND)
		return have_worker(get_pool(NR_CPUS, highpri));
	for_each_online_cpu (cpu)
		made = made && have_worker(get_pool(cpu, highpri));
	return made;
}

void init_worker_pools(void)
{
	u32 cpu;

	for (u32 highpri = 0; highpri < 2; highpri++) {
		init_pool(NR_CPUS, highpri);
		for_each_online_cpu (cpu)
			init_pool(cpu, highpri);
	}
}

struct worker *worker_at(u32 i)
{
	return i < nr_slots ? &workers[i] : NULL;
}

/* Whoever held a lock of theirs holds it no more. */
void pools_make_anew(void)
{
	for (u32 i = 0; i < nr_slots; i++) {
		struct worker *w = &workers[i];

		if (w->task && sched_end_thread(w->task))
			free_task(w->task);
		else if (w->task)
			printk("# left: %s does not end", w->task->comm);
		*w = (struct worker){ 0 };
	}
	init_worker_pools();
}

void pools_reset_locks(void)
{
	u32 cpu;

	spin_reset(&table_lock);
	for (u32 highpri = 0; highpri < 2; highpri++) {
		raw_spin_reset(&get_pool(NR_CPUS, highpri)->lock);
		for_each_online_cpu (cpu)
			raw_spin_reset(&get_pool(cpu, highpri)->lock);
	}
}
