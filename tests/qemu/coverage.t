#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/coverage: what it refuses, and that it says what to do."""

import os
import sys

sys.dont_write_bytecode = True
from tap import check, contains, main, test, tool, write

from irqbed import cases, rules

CASES = """\
#define TEST(s, n, r) struct c case_##s##_##n = { .name = #s "." #n, .rule = r, }
#define SIX "SDM 3A " "Interrupt 6"
#define MADE(x) TEST(ud, x##_made, "APM 2 \\"Six\\"; " SIX)
TEST(ud, plain, "SDM 3A Interrupt 6: detail");
TEST(ud, by_macro, SIX);
MADE(twice);
TEST(lib, pure, "irqbed ARCHITECTURE.md: rows");
"""
RULES = """\
# SPDX-License-Identifier: MIT
= SDM 3A Interrupt 6
#UD is a fault.
\tud.plain ud.by_*
Undefined it is.
\t- undefined: the manual says so
= APM 2 Six
Twice.
\tud.twice_made
\t- needs LUCK
"""
TABLE = """\
## Manuals by title
| short | manual |
|---|---|
| SDM 3A, APM 2 | books |
| irqbed | this tree |
"""
FILES = {"tests/trap/test_ud.c": CASES, "tests/rules/10.rules": RULES,
         "tests/rules/outside": "lib\tpure C\n", "ARCHITECTURE.md": TABLE,
         "tests/skips": "* CPU\ttcg 9.0..\tno luck\n",
         "tests/known-defects/some.defects":
         "ud.plain\ttcg 9.0..\tSDM 3A Interrupt 6: it is #UD\tno #UD\n"}


def tree(folder, **changed):
    """A small tree, one file of it changed: NAME=(old, new)."""
    for path, text in FILES.items():
        old, new = changed.get(os.path.basename(path).split(".")[0], ("", ""))
        assert old in text, (old, path)
        os.makedirs(os.path.dirname(os.path.join(folder, path)),
                    exist_ok=True)
        write(folder, path, text.replace(old, new) if old else text)
    return folder


def refused(folder, *parts):
    """--check of a tree fails and says all this."""
    tool("coverage", folder)
    status, out = tool("coverage", "--check", folder)
    check(status, 1, out)
    for part in parts:
        contains(out, part)


@test
def the_tree_as_it_is_can_be_read(folder):
    names = cases.manuals()
    catalogue = rules.load(names)
    check(catalogue.problems, [])
    assert len(catalogue.rules) > 500, len(catalogue.rules)
    check(cases.check(cases.load(), names), [])


@test
def macros_and_split_strings_are_read_as_they_compile(folder):
    found = {c.name: c.rule for c in cases.load(tree(folder))}
    check(found, {"ud.plain": "SDM 3A Interrupt 6: detail",
                  "ud.by_macro": "SDM 3A Interrupt 6",
                  "ud.twice_made": 'APM 2 "Six"; SDM 3A Interrupt 6',
                  "lib.pure": "irqbed ARCHITECTURE.md: rows"})


@test
def a_good_tree_passes_and_says_who_fails(folder):
    status, out = tool("coverage", tree(folder))
    check((status, out), (0, ""))
    check(tool("coverage", "--check", folder), (0, ""))
    with open(os.path.join(folder, "docs/coverage.md"),
              encoding="utf-8") as paper:
        text = paper.read()
    for part in ("| SDM 3A Interrupt 6 | 2 | 1 |  | 1 |", "#UD is a fault.",
                 "judged by `ud.by_macro`, `ud.plain`",
                 "known to fail on `tcg 9.0..`: `ud.plain`",
                 "**not judged**: undefined: the manual says so",
                 "| `* CPU` | `tcg 9.0..` | no luck |",
                 "| `lib` | 1 | pure C |"):
        contains(text, part)


@test
def a_stale_document_is_refused(folder):
    tool("coverage", tree(folder))
    tree(folder, **{"10": ("Twice.", "Thrice.")})
    status, out = tool("coverage", "--check", folder)
    check(status, 1, out)
    contains(out, "docs/coverage.md is stale: make coverage")


def listed(folder, *parts):
    """The tree is fine, and its document says all this."""
    check(tool("coverage", folder), (0, ""))
    with open(os.path.join(folder, "docs/coverage.md"),
              encoding="utf-8") as paper:
        text = paper.read()
    for part in parts:
        contains(text, part)


@test
def a_case_that_no_rule_names_stands_where_it_cites(folder):
    listed(tree(folder, **{"10": (" ud.by_*", "")}),
           "\n- `ud.by_macro`\n\n### APM 2 Six")


@test
def a_case_of_an_unknown_section_gets_one(folder):
    listed(tree(folder, test_ud=("Interrupt 6: detail", "Elsewhere: more"),
                **{"10": ("ud.plain ", "")}),
           "### SDM 3A Elsewhere\n\n- `ud.plain`, known to fail on `tcg 9.0..`")


@test
def a_known_defect_of_no_case_is_refused(folder):
    refused(tree(folder, some=("ud.plain", "ud.gone")),
            "tests/known-defects/some.defects:1: ud.gone: there is no such")


@test
def a_known_defect_that_cites_no_manual_is_refused(folder):
    refused(tree(folder, some=("SDM 3A Interrupt 6", "Book")),
            "some.defects:1: ud.plain: 'Book' begins with no manual")


@test
def a_glob_that_matches_nothing_is_refused(folder):
    refused(tree(folder, **{"10": ("ud.by_*", "ud.by_* ud.gone*")}),
            "tests/rules/10.rules:3: no case matches 'ud.gone*'")


@test
def a_glob_for_a_whole_suite_is_refused(folder):
    refused(tree(folder, **{"10": ("ud.by_*", "ud.*")}),
            "'ud.*' claims a whole suite")


@test
def a_section_of_no_known_manual_is_refused(folder):
    refused(tree(folder, **{"10": ("= APM 2", "= APM 9")}),
            "tests/rules/10.rules:7: 'APM 9 Six' begins with no manual")


@test
def a_citation_of_no_known_manual_is_refused(folder):
    for wrong in ("Interrupt 6", "SDM 3", "SDM 3A Interrupt 6-Invalid Opcode",
                  "irqbed tests/nowhere.c", 'SDM 3A \\"Interrupt 6'):
        refused(tree(folder, test_ud=("SDM 3A Interrupt 6: detail", wrong)),
                "tests/trap/test_ud.c: ud.plain: '")


@test
def a_rule_needs_a_case_or_a_reason_of_a_known_kind(folder):
    for old, new, says in (
            ("\t- undefined: the manual says so\n", "", "neither a case nor"),
            ("undefined:", "because:", "after '- ' stands"),
            ("\t- needs LUCK\n", "\t- stage: soon\n", "after '- ' stands"),
            ("\tud.twice_made\n", "\ttwice_made\n", "is no suite.case")):
        refused(tree(folder, **{"10": (old, new)}), says)


@test
def a_case_is_claimed_where_it_is_cited(folder):
    refused(tree(folder, test_ud=("#define SIX \"SDM 3A \"",
                                  "#define SIX \"APM 2 \"")),
            "ud.by_macro cites APM 2, but only rules of SDM 3A claim it")


@test
def what_stands_twice_is_refused(folder):
    refused(tree(folder, **{"10": ("= APM 2 Six", "= SDM 3A Interrupt 6")}),
            "has a section already")
    refused(tree(folder, **{"10": ("Undefined it is.", "#UD is a fault.")}),
            "stands at tests/rules/10.rules:3 too")


@test
def a_suite_that_is_not_there_cannot_stand_outside(folder):
    refused(tree(folder, outside=("lib", "bil")), "there is no suite bil")


@test
def sources_that_do_not_compile_are_named(folder):
    tree(folder, test_ud=("#define SIX", "#include <none.h>\n#define SIX"))
    status, out = tool("coverage", folder)
    check(status, 1, out)
    contains(out, "none.h")


@test
def a_bad_argument_is_status_3(folder):
    check(tool("coverage", "--nonsense")[0], 3)


main()
