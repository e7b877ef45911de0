/* SPDX-License-Identifier: MIT */
/* i8042_case.h - what the files of the suite `i8042` share. */
#pragma once

#include <dev/i8042.h>

/* Save the controller's state; the suite's teardown puts it back. */
bool i8042_case_open(void);
