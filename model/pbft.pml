/* PBFT as src/pbft does it, for one sequence number, with view changes: a model for SPIN. Which function stands for
 * which step, and what is left out, is in docs/model.md. model/run.sh checks it, and that its defects are found.
 *
 * Signatures cannot be forged and messages can be kept for ever, so the network is the set of all statements that
 * were signed: for each statement, who signed it. A step may rest on any of them, whoever they were sent to. So loss,
 * delay, repetition, reordering and telling different replicas different things need no steps of their own. The liar's
 * signature stands under every statement from the start: it needs neither state nor steps.
 *
 * -D  VIEWS      views 0 to VIEWS - 1 (2)
 *     N, F, Q    replicas (at most 6), liars tolerated, quorum (4, floor((N - 1) / 3), ceil((N + F + 1) / 2))
 *     LIARS      liars present: 0, 1 or 2 (1)
 *     CHECK      the properties to assert (all)
 *     GOAL       a situation; reaching it counts as an error
 *     DEFECT     what the replicas do wrong (nothing)
 */
#ifndef VIEWS
#define VIEWS 2
#endif
#ifndef N
#define N 4
#endif
#ifndef F
#define F ((N - 1) / 3)
#endif
#ifndef Q
#define Q ((N + F + 2) / 2)
#endif
#ifndef LIARS
#define LIARS 1
#endif

/* CHECK */
#define SIGNING   1 /* no correct replica signs two votes, or two commits, in one view */
#define PREPARED  2 /* at most one batch can be proved to be prepared in a view */
#define AGREEMENT 4 /* at most one batch can be decided, in all views together */
#define SURVIVAL  8 /* a view opens with what can be decided in an earlier one */
#define VALIDITY  16 /* what can be decided was accepted by the application, or is null */
#ifndef CHECK
#define CHECK 31
#endif

/* GOAL */
#define DECIDED         1 /* in view 0 */
#define DECIDED_AGAIN   2 /* in view 0, and again in a later view */
#define CARRIED         3 /* decided in the last view only, which opened with it */
#define FRESH           4 /* decided in the last view only, proposed after it was opened */
#define NULL_DECIDED    5 /* the null batch, with which the last view opened */
#define OVERRULED       6 /* proved to be prepared in view 0; another one decided later */
#define DECIDED_LATE    7 /* in view 0, by a COMMIT that was signed after another view was opened */
#ifndef GOAL
#define GOAL 0
#endif

/* DEFECT */
#define NO_P_SET                1 /* a VIEW-CHANGE goes without proofs */
#define ACCEPT_ANY_NEW_VIEW     2 /* backups do not derive what a NEW-VIEW must propose */
#define COMMIT_WITHOUT_PREPARED 3 /* a vote is reason enough to commit */
#define AMNESIA                 4 /* a restart forgets the vote of this view */
#define FORGET_VIEW             5 /* a restart begins in view 0, with the votes and the proof */
#define COMMIT_IN_VIEW_CHANGE   6 /* a replica that signed a VIEW-CHANGE still works for the view before */
#define FORGED_PROOF            7 /* the signatures of a proof are not verified */
#define UNCHECKED_BATCH         8 /* votes do not ask the application */
#define PROOF_OF_LAST_VIEW      9 /* a VIEW-CHANGE holds no proof of any but the view before */
#define ANY_PROOF               10 /* a NEW-VIEW may follow any proof, not only one of the highest view */
#ifndef DEFECT
#define DEFECT 0
#endif

/* Batches. */
#define BATCH_A    0
#define BATCH_B    1
#define NULL_BATCH 2
#define REFUSED    3 /* the application refuses it */
#define BATCHES    4
#define OPEN       4 /* none: the NEW-VIEW proposes nothing for this sequence, its primary may do so later */

#define BIT(x)        (1 << (x))
#define MANY(set)     ((set) & ((set) - 1)) /* has more than one element */
#define SIZE(set)     (((set) & 1) + (((set) >> 1) & 1) + (((set) >> 2) & 1) + (((set) >> 3) & 1) + \
                       (((set) >> 4) & 1) + (((set) >> 5) & 1))
#define PRIMARY(v)    ((v) % N)
#define VIEW_BATCH(v, b) ((v) * BATCHES + (b))
/* A proof, or none (0). Of two proofs the greater one has the higher view; between batches of one view the order is
 * fixed, and of no meaning. */
#define PROOF(v, b)   (1 + VIEW_BATCH(v, b))
#define PROOFS        (1 + VIEWS * BATCHES)
#define CHANGE(v, p)  ((v) * PROOFS + (p))

/* Who signed it; the liars are left out, SIGNERS adds them. */
byte votes[VIEWS * BATCHES];   /* PRE-PREPARE (the primary of the view) or PREPARE (the others) */
byte commits[VIEWS * BATCHES];
byte changes[VIEWS * PROOFS];  /* VIEW-CHANGE whose P holds this proof */
byte new_view[VIEWS];          /* what the NEW-VIEW of a correct primary proposes: a set of one batch or OPEN */
byte liars;

/* What each correct replica remembers. All of it is durable before a word of it is sent, so a restart
 * changes nothing and is no step. */
byte view[N];
bool changing[N];              /* between VIEW-CHANGE and NEW-VIEW */
bool voted[N];                 /* in this view */
byte proof[N];                 /* of the highest view in which it prepared */

byte opened[VIEWS];            /* with what correct replicas opened the view: for SURVIVAL */
byte v, p, held, plans, decided, set; /* scratch, 0 between steps */

#define SIGNERS(signed)  ((signed) | liars)
#define QUORUM(signed)   (SIZE(SIGNERS(signed)) >= Q)
#define PROPOSED(v, b)   (SIGNERS(votes[VIEW_BATCH(v, b)]) & BIT(PRIMARY(v)))
/* A proof can be made: the PRE-PREPARE and Q - 1 PREPAREs. */
#define PROVABLE(v, b)   (PROPOSED(v, b) && QUORUM(votes[VIEW_BATCH(v, b)]))
/* A certificate can be made. */
#define DECIDABLE(v, b)  QUORUM(commits[VIEW_BATCH(v, b)])
#define SIGNED(all, v, i) \
    ((all[VIEW_BATCH(v, BATCH_A)] | all[VIEW_BATCH(v, BATCH_B)] | all[VIEW_BATCH(v, NULL_BATCH)] | \
      all[VIEW_BATCH(v, REFUSED)]) & BIT(i))
#define IN(v, b, is)     (is(v, b) -> BIT(b) : 0)
#define SET_OF(v, is)    (IN(v, BATCH_A, is) | IN(v, BATCH_B, is) | IN(v, NULL_BATCH, is) | IN(v, REFUSED, is))

/* ---- the properties */

#define LAST           (VIEWS - 1)
#define DECIDED_IN(v)  SET_OF(v, DECIDABLE)
#if GOAL == DECIDED
#define REACHED DECIDED_IN(0)
#elif GOAL == DECIDED_AGAIN
#define REACHED (DECIDED_IN(0) & DECIDED_IN(LAST))
#elif GOAL == CARRIED
#define REACHED (DECIDED_IN(0) == 0 && (DECIDED_IN(LAST) & opened[LAST] & ~BIT(NULL_BATCH)))
#elif GOAL == FRESH
#define REACHED (DECIDED_IN(0) == 0 && DECIDED_IN(LAST) && opened[LAST] == BIT(OPEN))
#elif GOAL == NULL_DECIDED
#define REACHED (DECIDED_IN(LAST) & opened[LAST] & BIT(NULL_BATCH))
#elif GOAL == OVERRULED
#define REACHED (SET_OF(0, PROVABLE) && decided && (decided & SET_OF(0, PROVABLE)) == 0)
#elif GOAL == DECIDED_LATE
bool late;
#define REACHED late
#endif

inline check_all()
{
    v = 0;
    decided = 0;
    do
    :: v < VIEWS ->
#if CHECK & SURVIVAL
        assert(decided == 0 || (opened[v] & ~decided) == 0);
#endif
#if CHECK & PREPARED
        set = SET_OF(v, PROVABLE);
        assert(!MANY(set));
#endif
        set = SET_OF(v, DECIDABLE);
        decided = decided | set;
#if CHECK & AGREEMENT
        assert(!MANY(decided));
#endif
#if CHECK & VALIDITY
        assert(!(decided & BIT(REFUSED)));
#endif
        v++
    :: else -> break
    od;
#if GOAL
    assert(!REACHED);
#endif
    v = 0;
    decided = 0;
    set = 0
}

/* ---- the steps of correct replica i */

/* A and B are interchangeable: A is the one that gets the first vote. */
#if VIEWS > 2
#define VOTE_FOR_A (votes[VIEW_BATCH(0, BATCH_A)] | votes[VIEW_BATCH(1, BATCH_A)] | votes[VIEW_BATCH(2, BATCH_A)])
#else
#define VOTE_FOR_A (votes[VIEW_BATCH(0, BATCH_A)] | votes[VIEW_BATCH(1, BATCH_A)])
#endif
#define IN_TURN(what) (what != BATCH_B || VOTE_FOR_A)

inline sign_vote(i, what)
{
#if CHECK & SIGNING
    assert(!SIGNED(votes, view[i], i));
#endif
    votes[VIEW_BATCH(view[i], what)] = votes[VIEW_BATCH(view[i], what)] | BIT(i);
    voted[i] = true
}

/* The primary proposes a batch of requests, unless the view opened with one. */
inline pre_prepare(i, what)
{
    d_step {
        PRIMARY(view[i]) == i && !changing[i] && !voted[i] && IN_TURN(what) ->
        printf("replica %d: PRE-PREPARE in view %d: batch %d\n", i, view[i], what);
        sign_vote(i, what);
        check_all()
    }
}

/* A backup votes for one proposal of a view, once the application agreed. */
inline prepare(i, what)
{
    d_step {
        PRIMARY(view[i]) != i && !changing[i] && !voted[i] && IN_TURN(what) && PROPOSED(view[i], what) &&
        (what != REFUSED || DEFECT == UNCHECKED_BATCH) ->
        printf("replica %d: PREPARE in view %d: batch %d\n", i, view[i], what);
        sign_vote(i, what);
        check_all()
    }
}

inline sign_commit(i, at, what)
{
    printf("replica %d: COMMIT in view %d: batch %d\n", i, at, what);
#if CHECK & SIGNING
    assert(!SIGNED(commits, at, i));
#endif
#if GOAL == DECIDED_LATE
    late = late || (at == 0 && opened[1] && SIZE(SIGNERS(commits[VIEW_BATCH(at, what)])) == Q - 1);
#endif
    commits[VIEW_BATCH(at, what)] = commits[VIEW_BATCH(at, what)] | BIT(i);
    check_all()
}

/* A replica that is prepared keeps the proof, executes and commits. */
inline commit(i, what)
{
    d_step {
        !changing[i] && (votes[VIEW_BATCH(view[i], what)] & BIT(i)) && !(commits[VIEW_BATCH(view[i], what)] & BIT(i)) &&
        (PROVABLE(view[i], what) || DEFECT == COMMIT_WITHOUT_PREPARED) ->
        if
        :: PROVABLE(view[i], what) -> proof[i] = PROOF(view[i], what)
        :: else
        fi;
        sign_commit(i, view[i], what)
    }
}

/* What P of the VIEW-CHANGE to the next view holds. */
#if DEFECT == NO_P_SET
#define P_OF(i) 0
#elif DEFECT == PROOF_OF_LAST_VIEW
#define P_OF(i) (proof[i] >= PROOF(view[i], 0) -> proof[i] : 0)
#else
#define P_OF(i) proof[i]
#endif

/* A time-out, or f + 1 others that want a later view. */
inline view_change(i)
{
    d_step {
        view[i] < LAST ->
        p = P_OF(i);
        view[i]++;
        changing[i] = true;
        voted[i] = false;
        changes[CHANGE(view[i], p)] = changes[CHANGE(view[i], p)] | BIT(i);
        if
        :: p == 0 -> printf("replica %d: VIEW-CHANGE to view %d, nothing prepared\n", i, view[i])
        :: else ->
            printf("replica %d: VIEW-CHANGE to view %d, prepared in view %d: batch %d\n", i, view[i], (p - 1) / BATCHES,
                   (p - 1) % BATCHES)
        fi;
        p = 0
    }
}

#if DEFECT == FORGED_PROOF
#define LIAR_HOLDS(v, b) true
#else
#define LIAR_HOLDS(v, b) PROVABLE(v, b)
#endif

/* plans: what NEW-VIEWs to view `to` may propose, each by some quorum of VIEW-CHANGEs. It is the batch of the highest
 * proof p among them: somebody holds p, and a quorum holds nothing higher. Without any proof the sequence is open, or
 * null because a later one is proved. */
inline make_plans(to)
{
    plans = 0;
    held = changes[CHANGE(to, 0)];
    if
    :: QUORUM(held) -> plans = BIT(OPEN) | BIT(NULL_BATCH)
    :: else
    fi;
#if DEFECT == ANY_PROOF
    p = 0;
    do
    :: p < PROOFS -> held = held | changes[CHANGE(to, p)]; p++
    :: else -> break
    od;
#endif
    p = 1;
    do
    :: p < PROOF(to, 0) ->
        held = held | changes[CHANGE(to, p)];
        if
        :: QUORUM(held) && (changes[CHANGE(to, p)] || LIAR_HOLDS((p - 1) / BATCHES, (p - 1) % BATCHES)) ->
            plans = plans | BIT((p - 1) % BATCHES)
        :: else
        fi;
        p++
    :: else -> break
    od;
    p = 0;
    held = 0
}

/* What the NEW-VIEW proposes has its PRE-PREPARE in it, and the backups' PREPAREs follow at once. */
inline enter(i, what)
{
    changing[i] = false;
    opened[view[i]] = opened[view[i]] | BIT(what);
    if
    :: what != OPEN ->
        sign_vote(i, what);
        printf("replica %d: votes for it\n", i)
    :: else
    fi;
    check_all()
}

/* The correct primary of a view, once a quorum wants it. */
inline make_new_view(i, what)
{
    atomic {
        PRIMARY(view[i]) == i && changing[i] ->
        d_step { make_plans(view[i]) };
        if
        :: plans & BIT(what) ->
            d_step {
                printf("replica %d: NEW-VIEW of view %d: batch %d\n", i, view[i], what);
                plans = 0;
                new_view[view[i]] = BIT(what);
                enter(i, what)
            }
        :: else -> plans = 0
        fi
    }
}

/* A backup derives for itself what the NEW-VIEW must propose. A liar may make several, of different VIEW-CHANGEs. */
inline accept_new_view(i, what)
{
    atomic {
        PRIMARY(view[i]) != i && changing[i] && (new_view[view[i]] || (liars & BIT(PRIMARY(view[i])))) ->
        if
        :: new_view[view[i]] -> plans = new_view[view[i]]
        :: else ->
#if DEFECT == ACCEPT_ANY_NEW_VIEW
            plans = BIT(OPEN) | (BIT(OPEN) - 1)
#else
            d_step { make_plans(view[i]) }
#endif
        fi;
        if
        :: plans & BIT(what) ->
            d_step {
                printf("replica %d: accepts a NEW-VIEW of view %d: batch %d\n", i, view[i], what);
                plans = 0;
                enter(i, what)
            }
        :: else -> plans = 0
        fi
    }
}

/* ---- defects that are steps of their own */

#if DEFECT == AMNESIA
inline restart(i)
{
    d_step {
        voted[i] ->
        printf("replica %d: restarts\n", i);
        voted[i] = false
    }
}
#elif DEFECT == FORGET_VIEW
inline restart(i)
{
    d_step {
        view[i] > 0 ->
        printf("replica %d: restarts\n", i);
        view[i] = 0;
        changing[i] = false;
        voted[i] = (SIGNED(votes, 0, i) -> true : false)
    }
}
#elif DEFECT == COMMIT_IN_VIEW_CHANGE
inline late_commit(i, what)
{
    d_step {
        changing[i] && (votes[VIEW_BATCH(view[i] - 1, what)] & BIT(i)) && PROVABLE(view[i] - 1, what) &&
        !(commits[VIEW_BATCH(view[i] - 1, what)] & BIT(i)) ->
        sign_commit(i, view[i] - 1, what)
    }
}
#endif

/* ---- the system */

#define EACH_BATCH(step) step(i, BATCH_A) :: step(i, BATCH_B) :: step(i, NULL_BATCH) :: step(i, REFUSED)

proctype replica(byte i)
{
end:
    do
    :: pre_prepare(i, BATCH_A)
    :: pre_prepare(i, BATCH_B)
    :: EACH_BATCH(prepare)
    :: EACH_BATCH(commit)
    :: view_change(i)
    :: EACH_BATCH(make_new_view)
    :: make_new_view(i, OPEN)
    :: EACH_BATCH(accept_new_view)
    :: accept_new_view(i, OPEN)
#if DEFECT == AMNESIA || DEFECT == FORGET_VIEW
    :: restart(i)
#elif DEFECT == COMMIT_IN_VIEW_CHANGE
    :: EACH_BATCH(late_commit)
#endif
    od
}

/* The liar is the primary of any one view, or of none. */
init {
    byte i;

    atomic {
#if LIARS > 0
        if
        :: liars = BIT(0)
        :: liars = BIT(1)
#if VIEWS > 2
        :: liars = BIT(2)
#endif
        :: liars = BIT(N - 1)
        fi;
#endif
#if LIARS == 2
        liars = liars | (liars & 1 -> BIT(N - 1) : liars >> 1); /* its neighbour */
#endif
        do
        :: i < N ->
            if
            :: liars & BIT(i) -> printf("replica %d lies\n", i)
            :: else -> run replica(i)
            fi;
            i++
        :: else -> break
        od;
        i = 0
    }
}
