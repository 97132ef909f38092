#ifndef PRISMFED_BASE_MUTATE_H
#define PRISMFED_BASE_MUTATE_H

/* Planted defects (docs/decisions/0005). MUTATE(NAME, wrong, right) is `right`, and stands where a check or a step
 * matters; `wrong` is what a careless author might have written there. Both are compiled, so that neither rots, and
 * the compiler drops the wrong one. Only a build with the option `mutants`, which `./dev mutants` makes for itself,
 * keeps both: PLANTED is no constant there, and the environment variable of that name says which one defect a
 * process has. A test must notice it.
 * A name stands for one defect, which may take several such expressions. */

extern const char *mutate_planted; /* tests/planted.c */

#ifndef PLANTED
#define PLANTED ""
#endif

#define MUTATE(NAME, wrong, right) (__builtin_strcmp(PLANTED, #NAME) == 0 ? (wrong) : (right))

#endif
