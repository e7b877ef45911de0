/* SPDX-License-Identifier: MIT */
#pragma once
#include <cpu/stacks.h>
