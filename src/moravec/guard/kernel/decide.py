"""One tick of the guard: every check, in the order in which later ones rely on earlier ones, and what becomes of it.

The order: the rhythm of the calls; the emergency stop; a stop under way; the measured state; the command; the motion.
"""

from __future__ import annotations

import math

from moravec.guard.kernel.braking import brake, way_to_rest
from moravec.guard.kernel.checks import (
    HUGE,
    Finding,
    below,
    check_age,
    check_command_age,
    check_command_finite,
    check_each,
    check_gap,
    check_grip,
    check_sequence,
    check_state_finite,
    fact,
    larger,
    lesser,
    worst,
)
from moravec.guard.kernel.codes import (
    ACCEPT,
    BEGIN_MOVING,
    BEGIN_STILL,
    BEGINNING,
    BLIND,
    BRAKING,
    CHUNK_AGE,
    CHUNK_EXPIRED,
    CHUNK_FROM_FUTURE,
    CLOCK,
    COMMAND_FINITE,
    COMMAND_SHAPE,
    ENDING,
    ESTOP,
    FAULT_0,
    FAULT_1,
    FLOOD,
    HOLD,
    INIT,
    LIMIT,
    LIMIT_BUDGET,
    MODE,
    NOVELTY,
    OFF,
    OVERSPEED,
    PASS,
    PAYLOAD,
    RESET,
    REST,
    SIGHT_AGE,
    SIGHT_FROM_FUTURE,
    SILENCE,
    STATE_AGE,
    STATE_FINITE,
    STATE_SHAPE,
    STILL,
    STOP,
    TOOL_FORCE,
    TORQUE,
    TRACKING,
)
from moravec.guard.kernel.collision import FAR
from moravec.guard.kernel.form import Answer, Asked, Memory, Table
from moravec.guard.kernel.kinematics import lift, place
from moravec.guard.kernel.motion import WINDOW_TIME, judge, moving, survey
from moravec.guard.kernel.people import check_people, nearest_person, zones_now
from moravec.guard.kernel.stops import advance, category_of, fault_of

# A joint slower than this stands still [rad/s], about 1 deg/s; sensor noise must not count as motion.
REST_SPEED = 0.02
# So many set-points may be pulled back in a row [ticks]; each one that passes earns LIMIT_LEAK back.
LIMIT_BUDGET_TICKS = 50.0
LIMIT_LEAK = 0.1
# Time constant of the force on the tool that lasts [s], and how much harder a knock may be: ISO/TS 15066, A.3.3 allows a
# transient contact twice what a lasting one may have.
PUSH_TIME = 0.02
TRANSIENT = 2.0
# Time constant of the weight that is felt at the tool [s]: lifting and touching are no payload.
LOAD_TIME = 0.5
# An emergency stop stays latched at least this long after its input was last seen pressed [s].
LATCH_TIME = 0.5
# A chunk moves nothing any more so long after its end [s]: two ticks of rounding, and of a loop that is late.
EXPIRY_GRACE = 0.004
# A measured joint may be this many times as fast as its set-point may [1]: servos overshoot, and sensors are noisy.
OVERSPEED_SHARE = 1.1
# A stop during which the body cannot be measured for longer than this [s] becomes one of category 0.
BLIND_MAX = 0.1
# So does one during which a joint is this many times farther from its set-point than may be: braking does not work.
RUNAWAY = 2.0
# What becomes of a reset.
GRANTED, NOT_AT_REST, NOT_MEASURED, PRESSED, MOVES, TOO_SOON = 0, 1, 2, 3, 4, 5


def decide(t: Table, m: Memory, a: Asked, o: Answer) -> None:
    """One tick. Reads `t` and `a`, remembers in `m`, answers in `o`. In state INIT with an unusable `a` nothing is remembered
    and the answer is a stop: there is no posture to hold."""
    o.braking, o.own, o.category, o.nearest, o.fastest = 0, 0, -1, FAR, 0.0
    zones_now(t, a, o)
    usable = a.state_fits == 1 and check_state_finite(STATE_FINITE, t, a).margin >= 0.0
    if m.state == INIT:
        if not usable:
            answer(fact(STATE_SHAPE, False), STOP, o)
            return
        begin(t, m, a, o)
    seen = m.now if m.begun == 1 else a.now
    tick = judge_tick(t, m, a)
    fresh = usable and check_age(STATE_AGE, STATE_AGE, a.state_t, a.now, t.command_age_max).margin >= 0.0
    if fresh and a.now - seen > t.command_age_max and rests(t, a):
        for j in range(t.n):  # nobody knows what happened in between, but the body has come to rest
            m.steps[j], m.bends[j] = 0.0, 0.0
    m.blind = 0.0 if fresh else m.blind + larger(a.now - seen, t.period)
    if a.estop != 0:
        m.pressed_at = a.now if -HUGE <= a.now <= HUGE else HUGE
        remember(Finding(ESTOP, -1, 1.0, 0.0, -1.0, -1.0), m)
        m.state = advance(m.state, FAULT_1, a.mode)
    if m.state == BRAKING or m.state == ENDING or m.state == OFF:
        go_on(fresh, tick, t, m, a, o)
        return
    found = worst(tick, screen_state(usable, t, m, a, o))
    if found.margin >= 0.0:
        found = worst(found, screen_command(t, m, a))
    if not found.margin >= 0.0:
        stop(found, tick, t, m, a, o)
        return
    verdict = judge(t, a, m, o)
    if o.decision == LIMIT:
        m.pulled += 1.0
        if m.pulled > LIMIT_BUDGET_TICKS:
            spare = LIMIT_BUDGET_TICKS - m.pulled
            verdict = Finding(LIMIT_BUDGET, verdict.joint, m.pulled, LIMIT_BUDGET_TICKS, spare, -1.0)
            o.decision = STOP
    if o.decision == STOP:
        stop(verdict, tick, t, m, a, o)
    else:
        move(verdict if o.decision == LIMIT else worst(found, verdict), t, m, a, o)


def begin(t: Table, m: Memory, a: Asked, o: Answer) -> None:
    """The first measured state, usable: its posture is the first set-point. A robot that moves then is braked first."""
    fastest, at = 0.0, 0
    for j in range(t.n):
        if abs(a.measured_dq[j]) > fastest:
            fastest, at = abs(a.measured_dq[j]), j
    still = fastest <= REST_SPEED
    for j in range(t.n):
        step = larger(lesser(a.measured_dq[j] * t.period, t.fastest[j]), -t.fastest[j])
        m.q[j], m.bends[j] = a.measured_q[j], 0.0
        m.steps[j] = 0.0 if still else step
    m.grip_width = larger(lesser(a.measured_grip[0], t.grip_width_max), t.grip_width_min)
    m.grip_force = larger(lesser(a.measured_grip[1], t.grip_force_max), 0.0)
    m.straight = 1 if way_to_rest(m.q, m.steps, t, o.way) else 0
    survey(m.q, t, o)
    settle(t, m, o)
    if not still:
        remember(Finding(BEGINNING, at, fastest, REST_SPEED, REST_SPEED - fastest, -1.0), m)
    m.state = advance(m.state, BEGIN_STILL if still else BEGIN_MOVING, a.mode)


def rests(t: Table, a: Asked) -> bool:
    """Whether the body stands still, as far as its sensors tell."""
    for j in range(t.n):
        if not abs(a.measured_dq[j]) <= REST_SPEED:
            return False
    return True


def settle(t: Table, m: Memory, o: Answer) -> None:
    """Remembers where the set-point's tool and parts are, which `o` holds."""
    for i in range(3):
        m.tool[i] = o.tool[i]
    for i in range(6 * t.bodies):
        m.points[i] = o.points[i]
    m.depth, m.clearance = o.depth, o.clearance


def judge_tick(t: Table, m: Memory, a: Asked) -> Finding:
    """The rhythm of the calls: a leaky bucket that lets one late tick be caught up, and no more."""
    if not -HUGE <= a.now <= HUGE:
        return Finding(CLOCK, -1, 0.0, 0.0, -1.0, -1.0)
    found = Finding(CLOCK, -1, 0.0, 0.0, 0.0, 1.0)
    anew = m.begun == 0
    if m.begun == 1:
        gap = a.now - m.now
        if gap < 0.0:
            found = Finding(CLOCK, -1, gap, 0.0, gap, -1.0)
            m.due = a.now
            anew = True
        elif a.now < m.due - t.period:
            return Finding(FLOOD, -1, gap, t.period, a.now - m.due, -1.0)
        elif gap > t.command_age_max and moving(m.steps, t.n):
            found = Finding(SILENCE, -1, gap, t.command_age_max, t.command_age_max - gap, -1.0)
    m.begun, m.now = 1, a.now
    m.due = larger(m.due, a.now) + t.period
    m.pressed_at = lesser(m.pressed_at, a.now)  # what was seen pressed at no time at all, or in a future, was before now
    if anew or not 0.0 <= a.now - m.window_t <= WINDOW_TIME:
        m.window_t = a.now
        for j in range(t.n):
            m.window_q[j] = m.q[j]
    return found


def screen_state(usable: bool, t: Table, m: Memory, a: Asked, o: Answer) -> Finding:
    """What the body reports of itself, and who is near."""
    if a.state_fits == 0:
        return fact(STATE_SHAPE, False)
    if not usable:
        return check_state_finite(STATE_FINITE, t, a)
    found = worst(
        check_age(STATE_AGE, STATE_AGE, a.state_t, a.now, t.command_age_max),
        check_gap(TRACKING, a.measured_q, m.q, t.tracking, 1.0, t.n),
    )
    found = worst(found, check_gap(OVERSPEED, a.measured_dq, o.zeros, t.velocity, OVERSPEED_SHARE, t.n))
    found = worst(found, check_each(TORQUE, a.measured_tau, t.torque, t.n))
    force = math.sqrt(a.wrench[0] * a.wrench[0] + a.wrench[1] * a.wrench[1] + a.wrench[2] * a.wrench[2])
    m.push += (force - m.push) * t.period / PUSH_TIME
    found = worst(found, below(TOOL_FORCE, -1, m.push, t.tool_force))
    found = worst(found, below(TOOL_FORCE, -1, force, TRANSIENT * t.tool_force))
    place(a.measured_q, t, o)
    down = -lift(t, o, a.wrench[0], a.wrench[1], a.wrench[2])
    m.load += (down - m.load) * t.period / LOAD_TIME
    found = worst(found, below(PAYLOAD, -1, m.load, t.payload))
    if t.separation == 1:
        people = check_people(t, a)
        found = worst(found, people)
        if people.margin >= 0.0:
            o.nearest = nearest_person(t, a, o)
    return found


def screen_command(t: Table, m: Memory, a: Asked) -> Finding:
    """Everything about a command that needs no motion. Standing still needs no fresh chunk; a grip is a motion."""
    if a.command_fits == 0:
        return fact(COMMAND_SHAPE, False)
    found = check_command_finite(COMMAND_FINITE, a, t.n)
    if not found.margin >= 0.0:
        return found
    last, numbered = m.seq, m.numbered
    m.seq, m.numbered = a.seq, 1
    found = check_command_age(a.t, a.now, t.command_age_max)
    if numbered == 1:
        found = worst(found, check_sequence(a.seq, last, t.sequence_gap_max))
    found = worst(found, check_grip(a.grip_width, a.grip_force, t))
    at_rest = a.grip_width == m.grip_width and a.grip_force == m.grip_force
    for j in range(t.n):
        at_rest = at_rest and a.q[j] == m.q[j] and a.dq[j] == 0.0 and m.steps[j] == 0.0
    if at_rest:
        return found
    found = worst(found, fact(MODE, a.mode != STILL))
    found = worst(found, check_age(CHUNK_AGE, CHUNK_FROM_FUTURE, a.made, a.now, t.chunk_age_max))
    found = worst(found, check_expiry(a.expires, a.now, t.chunk_age_max))
    found = worst(found, check_age(SIGHT_AGE, SIGHT_FROM_FUTURE, a.seen, a.now, t.sight_age_max))
    if t.novelty == 1:
        novelty = a.novelty if -HUGE <= a.novelty <= HUGE else HUGE
        found = worst(found, below(NOVELTY, -1, novelty, t.novelty_max))
    return found


def check_expiry(expires: float, now: float, longest: float) -> Finding:
    """A chunk of motion that ended before now moves nothing, NaN has ended; none is said to last for longer than `longest`."""
    over = now - expires
    if not -HUGE <= over <= HUGE:
        over = HUGE
    if -over > longest:
        return Finding(CHUNK_FROM_FUTURE, -1, -over, longest, longest + over, -1.0)
    return below(CHUNK_EXPIRED, -1, larger(over, 0.0), EXPIRY_GRACE)


def move(found: Finding, t: Table, m: Memory, a: Asked, o: Answer) -> None:
    """Approves the target that was judged and stands in `o`."""
    if o.decision == PASS:
        m.pulled = larger(m.pulled - LIMIT_LEAK, 0.0)
    for j in range(t.n):
        m.bends[j] = o.steps[j] - m.steps[j]
        m.q[j], m.steps[j] = o.q[j], o.steps[j]
    m.straight = o.straight
    settle(t, m, o)
    m.grip_width, m.grip_force = a.grip_width, a.grip_force
    m.state = advance(m.state, ACCEPT, a.mode)
    if m.state == BRAKING:  # the mode wants a standstill, and this is one
        remember(fact(MODE, False), m)
        m.state = advance(m.state, REST, a.mode)
    o.grip_width, o.grip_force = a.grip_width, a.grip_force
    answer(found, o.decision, o)


def go_on(fresh: bool, tick: Finding, t: Table, m: Memory, a: Asked, o: Answer) -> None:
    """A stop under way: the next point of braking, of holding after it, or power off."""
    o.braking = 1
    if m.state != OFF:
        trouble = below(BLIND, -1, m.blind, BLIND_MAX)
        if fresh:
            far = check_gap(TRACKING, a.measured_q, m.q, t.tracking, RUNAWAY, t.n)
            trouble = Finding(BLIND, far.joint, far.value, far.limit, far.margin, far.relative)
        if not trouble.margin >= 0.0:
            remember(trouble, m)
            m.state = advance(m.state, FAULT_0, a.mode)
    halt(tick, t, m, a, o)


def stop(cause: Finding, tick: Finding, t: Table, m: Memory, a: Asked, o: Answer) -> None:
    """A stop that begins now, of the category that answers its cause."""
    remember(cause, m)
    m.state = advance(m.state, fault_of(category_of(cause.check)), a.mode)
    halt(tick, t, m, a, o)


def halt(tick: Finding, t: Table, m: Memory, a: Asked, o: Answer) -> None:
    """The next point of the guard's own braking, for the cause in memory."""
    m.pulled = larger(m.pulled - LIMIT_LEAK, 0.0)
    if a.command_fits == 1 and -HUGE <= a.seq <= HUGE:
        m.seq, m.numbered = a.seq, 1
    if m.state == OFF:
        for j in range(t.n):
            m.steps[j], m.bends[j] = 0.0, 0.0
    elif tick.check != FLOOD or tick.margin >= 0.0:  # between two proper ticks no time has passed for the robot
        brake(m.steps, m.straight == 1, t)
        for j in range(t.n):
            m.q[j] += m.steps[j]
            m.bends[j] = 0.0
        survey(m.q, t, o)
        settle(t, m, o)
    if not moving(m.steps, t.n):
        m.state, m.pulled = advance(m.state, REST, a.mode), 0.0  # whoever starts again starts from rest
    for j in range(t.n):
        o.q[j] = m.q[j]
        o.dq[j] = m.steps[j] / t.period
    o.own, o.category = 1, category_of(m.cause)
    o.grip_width, o.grip_force = m.grip_width, m.grip_force
    answer(Finding(m.cause, m.cause_joint, m.cause_value, m.cause_limit, m.cause_margin, -1.0), STOP, o)


def remember(cause: Finding, m: Memory) -> None:
    """Keeps why it stops. What latches is covered up only by what is graver."""
    latched = m.state == ENDING or m.state == OFF
    if latched and category_of(cause.check) >= category_of(m.cause):
        return
    m.cause, m.cause_joint = cause.check, cause.joint
    m.cause_value, m.cause_limit, m.cause_margin = cause.value, cause.limit, cause.margin


def answer(found: Finding, decision: int, o: Answer) -> None:
    """The finding the decision rests on, into `o`."""
    o.decision = decision
    o.check, o.joint = found.check, found.joint
    o.value, o.limit, o.margin, o.relative = found.value, found.limit, found.margin, found.relative


def reset(t: Table, m: Memory, a: Asked, o: Answer) -> int:
    """An operator's reset, apart from restart: it moves nothing and leads to HOLD. One of the GRANTED ... codes.

    The measured posture becomes the set-point: what pushed the arm away is not pushed back.
    """
    if (m.state != HOLD and m.state != OFF) or moving(m.steps, t.n):
        return NOT_AT_REST
    if a.state_fits == 0 or not check_state_finite(STATE_FINITE, t, a).margin >= 0.0:
        return NOT_MEASURED
    if not check_age(STATE_AGE, STATE_AGE, a.state_t, a.now, t.command_age_max).margin >= 0.0:
        return NOT_MEASURED
    if a.estop != 0:
        return PRESSED
    if not rests(t, a):
        return MOVES
    if not -HUGE <= a.now <= HUGE or not a.now - m.pressed_at >= LATCH_TIME:
        return TOO_SOON
    for j in range(t.n):
        m.q[j], m.window_q[j] = a.measured_q[j], a.measured_q[j]
        m.steps[j], m.bends[j] = 0.0, 0.0
    zones_now(t, a, o)
    survey(m.q, t, o)
    settle(t, m, o)
    m.numbered, m.pulled, m.load, m.push = 0, 0.0, 0.0, 0.0
    m.window_t = a.now
    m.state = advance(m.state, RESET, a.mode)
    return GRANTED
