/* SPDX-License-Identifier: MIT */
/* errno.h - error numbers, returned negative, with Linux's values. */
#pragma once

/* clang-format off */
#ifndef EINVAL
#define EPERM		1
#define ENOENT		2
#define EINTR		4
#define EIO		5
#define ENXIO		6
#define E2BIG		7
#define EAGAIN		11
#define ENOMEM		12
#define EFAULT		14
#define EBUSY		16
#define ENODEV		19
#define EINVAL		22
#define ENOSPC		28
#define ERANGE		34
#define EILSEQ		84
#define EOPNOTSUPP	95
#define ETIMEDOUT	110
#define EREMOTEIO	121
#endif
/* clang-format on */
