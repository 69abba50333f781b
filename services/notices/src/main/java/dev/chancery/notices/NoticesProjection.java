package dev.chancery.notices;

import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.EventReading;
import dev.chancery.projection.LogEvent;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.Projection;
import dev.chancery.schema.access.v1.AssignmentRevoked;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.egress.v1.OverrideApproved;
import dev.chancery.schema.egress.v1.OverrideRequested;
import dev.chancery.schema.egress.v1.OverrideRevoked;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import dev.chancery.schema.identity.v1.AllSessionsEnded;
import dev.chancery.schema.identity.v1.OrganisationFounded;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalDeactivated;
import dev.chancery.schema.identity.v1.PrincipalEmailChanged;
import dev.chancery.schema.identity.v1.PrincipalKeyChanged;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.SessionEndCause;
import dev.chancery.schema.identity.v1.SessionEnded;
import dev.chancery.schema.identity.v1.SessionOpened;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.notices.v1.NoticeFailed;
import dev.chancery.schema.notices.v1.NoticeKind;
import dev.chancery.schema.notices.v1.NoticeReplayed;
import dev.chancery.schema.notices.v1.NoticeSent;
import dev.chancery.schema.vault.v1.SecretReadUnderBreakGlass;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Which notices follow from each organisation's log, and what became of them. */
record NoticesProjection(String schema, DatabaseRole role) implements Projection {
    /** A device that has no name of its own. */
    private static final byte[] NAMELESS = new byte[8];

    /** Failed sign-ins within {@link #FAILURES_WITHIN} of the first that make a notice. */
    static final int FAILURES = 5;

    private static final long FAILURES_WITHIN = micros(Duration.ofMinutes(10));
    /** Anybody can fail under anybody's name; nobody fills a mailbox by it. */
    private static final long FAILURES_TOLD_EVERY = micros(Duration.ofDays(1));

    private static final Set<String> SIGN_INS =
            Set.of("identity.token.issue", "identity.session.refresh", "identity.token.exchange");
    private static final long ASSIGNMENT_LEAD = micros(Duration.ofDays(1));
    private static final long ELEVATION_LEAD = micros(Duration.ofMinutes(5));
    /** How long the vault itself has to make a value that is due. */
    private static final long TURN_GRACE = micros(Duration.ofHours(1));

    private static final long OVERRIDE_LEAD = micros(Duration.ofMinutes(5));

    private static long micros(Duration time) {
        return time.toNanos() / 1_000;
    }

    @Override
    public String name() {
        return NoticesFeature.SCHEMA;
    }

    @Override
    public List<String> tables() {
        return List.of(
                "device", "elevation", "failure", "holding", "notice", "pending", "person", "program", "rotation");
    }

    @Override
    public void apply(Connection connection, String tenant, List<LogRecord> run) throws SQLException {
        var tables = new NoticeTables(connection, schema, tenant);
        for (LogRecord record : run) {
            failedSignIn(tables, record);
            List<LogEvent> events = record.events();
            for (int i = 0; i < events.size(); i++) {
                apply(tables, new Told(events.get(i), i, record.statement()));
            }
        }
    }

    /** An event of a record, at which place in it. */
    private record Told(LogEvent event, int index, Statement statement) {
        long atMicros() {
            return event.recordedAtMicros();
        }

        <M extends com.google.protobuf.Message> M read(com.google.protobuf.Parser<M> parser) {
            return EventReading.read(parser, event.body());
        }

        NoticeTables.New notice(String principal, NoticeKind kind, String about) {
            return new NoticeTables.New(
                    event.position(), index, principal, kind, about, "", atMicros(), atMicros(), false);
        }
    }

    private static void failedSignIn(NoticeTables tables, LogRecord record) throws SQLException {
        var statement = record.statement();
        if (!SIGN_INS.contains(statement.getAction()) || statement.getOutcome().getResult() != Result.DENIED) {
            return;
        }
        // Records from before failures were counted by name have the principal as their actor.
        String who = statement.getActor().getType() == ActorType.ACTOR_TYPE_SYSTEM
                ? statement.getTarget().getId()
                : statement.getActor().getId();
        int times = Math.clamp(statement.getOutcome().getDenials(), 1, FAILURES);
        long at = statement.getRecordedAtMicros();
        if (tables.failures(who, times, at, FAILURES_WITHIN) >= FAILURES
                && tables.isTimeToTellOfFailures(who, at, FAILURES_TOLD_EVERY)) {
            for (String whom : tables.concerned(who, at)) {
                String about = whom.equals(who) ? "" : who;
                tables.tell(new NoticeTables.New(
                        record.position(), 0, whom, NoticeKind.NOTICE_KIND_FAILED_SIGN_INS, about, "", at, at, false));
            }
        }
    }

    private static void apply(NoticeTables tables, Told told) throws SQLException {
        switch (told.event().type()) {
            case "chancery.identity.v1.PrincipalCreated" -> {
                var created = told.read(PrincipalCreated.parser());
                if (created.getType() == PrincipalType.USER) {
                    tables.person(created.getPrincipalId());
                    if (created.hasEmail()) {
                        address(
                                tables,
                                told,
                                created.getPrincipalId(),
                                created.getEmail().toByteArray());
                    }
                } else {
                    tables.program(
                            created.getPrincipalId(),
                            told.statement().getActor().getId());
                }
            }
            case "chancery.identity.v1.PrincipalDeactivated" ->
                tables.ownsNoMore(told.read(PrincipalDeactivated.parser()).getPrincipalId());
            case "chancery.identity.v1.PrincipalEmailChanged" -> {
                var changed = told.read(PrincipalEmailChanged.parser());
                tables.tell(told.notice(changed.getPrincipalId(), NoticeKind.NOTICE_KIND_EMAIL_CHANGED, "")
                        .toAddressOfBefore());
                address(
                        tables,
                        told,
                        changed.getPrincipalId(),
                        changed.hasEmail() ? changed.getEmail().toByteArray() : null);
            }
            case "chancery.identity.v1.PrincipalKeyChanged" ->
                tables.tell(told.notice(
                        told.read(PrincipalKeyChanged.parser()).getPrincipalId(),
                        NoticeKind.NOTICE_KIND_KEY_CHANGED,
                        ""));
            case "chancery.identity.v1.SessionOpened" -> {
                var opened = told.read(SessionOpened.parser());
                byte[] device = opened.getDevice().isEmpty()
                        ? NAMELESS
                        : opened.getDevice().toByteArray();
                if (tables.isNewDevice(opened.getPrincipalId(), device)) {
                    tables.tell(told.notice(opened.getPrincipalId(), NoticeKind.NOTICE_KIND_NEW_DEVICE, ""));
                }
            }
            case "chancery.identity.v1.SessionEnded" -> {
                var ended = told.read(SessionEnded.parser());
                ended(tables, told, ended.getPrincipalId(), ended.getCause());
            }
            case "chancery.identity.v1.AllSessionsEnded" -> {
                var ended = told.read(AllSessionsEnded.parser());
                ended(tables, told, ended.getPrincipalId(), ended.getCause());
            }
            case "chancery.identity.v1.OrganisationFounded" -> {
                var founded = told.read(OrganisationFounded.parser());
                tables.holds(founded.getAssignmentId(), founded.getAdministratorId(), "administrator", 0);
            }
            case "chancery.access.v1.RoleAssigned" -> {
                var assigned = told.read(RoleAssigned.parser());
                tables.holds(
                        assigned.getAssignmentId(),
                        assigned.getPrincipalId(),
                        assigned.getRole(),
                        assigned.getUntilMicros());
                ending(
                        tables,
                        told.notice(assigned.getPrincipalId(), NoticeKind.NOTICE_KIND_ENDING, assigned.getRole()),
                        assigned.getAssignmentId(),
                        Math.max(assigned.getFromMicros(), told.atMicros()),
                        assigned.getUntilMicros(),
                        ASSIGNMENT_LEAD);
            }
            case "chancery.access.v1.AssignmentRevoked" -> {
                String assignment = told.read(AssignmentRevoked.parser()).getAssignmentId();
                tables.holdsNoMore(assignment);
                tables.cancel(assignment);
            }
            case "chancery.elevation.v1.ElevationRequested" -> {
                var requested = told.read(ElevationRequested.parser());
                tables.elevation(
                        requested.getElevationId(),
                        requested.getApprovalsCount() == 0
                                ? List.of("administrator")
                                : requested.getApprovalsList().stream()
                                        .map(rule -> rule.getRole())
                                        .distinct()
                                        .toList());
            }
            case "chancery.elevation.v1.ElevationGranted" ->
                granted(tables, told, told.read(ElevationGranted.parser()));
            case "chancery.elevation.v1.ElevationRevoked" ->
                tables.cancel(told.read(ElevationRevoked.parser()).getElevationId());
            case "chancery.egress.v1.OverrideRequested" ->
                overrideRequested(tables, told, told.read(OverrideRequested.parser()));
            case "chancery.egress.v1.OverrideApproved" ->
                tables.revive(told.read(OverrideApproved.parser()).getOverrideId());
            case "chancery.egress.v1.OverrideRevoked" ->
                tables.cancel(told.read(OverrideRevoked.parser()).getOverrideId());
            case "chancery.vault.v1.SecretReadUnderBreakGlass" ->
                secretRead(tables, told, told.read(SecretReadUnderBreakGlass.parser()));
            case "chancery.vault.v1.SecretRotationSet" -> {
                var set = told.read(SecretRotationSet.parser());
                tables.rotation(
                        set.getSecret(), set.getOwnerId(), set.getEveryDays(), set.getGenerated(), told.atMicros());
                overdue(tables, told, set.getSecret());
            }
            case "chancery.vault.v1.SecretVersionWritten" -> {
                String secret = told.read(SecretVersionWritten.parser()).getSecret();
                tables.turned(secret, told.atMicros());
                overdue(tables, told, secret);
            }
            case "chancery.notices.v1.NoticeSent" -> tables.sent(told.read(NoticeSent.parser()), told.atMicros());
            case "chancery.notices.v1.NoticeFailed" -> tables.failed(told.read(NoticeFailed.parser()), told.atMicros());
            case "chancery.notices.v1.NoticeReplayed" ->
                tables.replayed(told.read(NoticeReplayed.parser()).getNoticeId(), told.atMicros());
            default -> {}
        }
    }

    private static void address(
            NoticeTables tables, Told told, String principal, byte @org.jspecify.annotations.Nullable [] sealed)
            throws SQLException {
        tables.address(
                principal,
                sealed,
                told.statement().getEntryId().toByteArray(),
                told.event().type());
    }

    private static void ended(NoticeTables tables, Told told, String principal, SessionEndCause cause)
            throws SQLException {
        switch (cause) {
            case BY_ANOTHER, REFRESH_REUSED, LIMIT, PRINCIPAL_DEACTIVATED ->
                tables.tell(told.notice(
                        principal,
                        NoticeKind.NOTICE_KIND_SESSION_ENDED,
                        cause.name().toLowerCase(Locale.ROOT).replace('_', '-')));
            // The person's own doing, or told of by itself.
            case SIGNED_OUT, BY_PRINCIPAL, KEY_CHANGED, SESSION_END_CAUSE_UNSPECIFIED, UNRECOGNIZED -> {}
        }
    }

    private static void granted(NoticeTables tables, Told told, ElevationGranted granted) throws SQLException {
        for (String approver : tables.approvers(granted.getElevationId(), told.atMicros())) {
            if (!approver.equals(granted.getPrincipalId())) {
                tables.tell(told.notice(approver, NoticeKind.NOTICE_KIND_BREAK_GLASS, granted.getRole()));
            }
        }
        ending(
                tables,
                told.notice(granted.getPrincipalId(), NoticeKind.NOTICE_KIND_ENDING, granted.getRole()),
                granted.getElevationId(),
                granted.getFromMicros(),
                granted.getUntilMicros(),
                ELEVATION_LEAD);
    }

    /** Records from before they named the break-glass tell nobody. */
    private static void secretRead(NoticeTables tables, Told told, SecretReadUnderBreakGlass read) throws SQLException {
        if (read.getElevationId().isEmpty()) {
            return;
        }
        for (String approver : tables.approvers(read.getElevationId(), told.atMicros())) {
            if (!approver.equals(read.getReaderId())) {
                tables.tell(told.notice(approver, NoticeKind.NOTICE_KIND_SECRET_READ, read.getSecret()));
            }
        }
    }

    /** Whoever sees to a secret is told once it is due, unless there is a new value by then. */
    private static void overdue(NoticeTables tables, Told told, String secret) throws SQLException {
        String cause = NoticeTables.named("secret/" + secret).toString();
        tables.cancel(cause);
        Optional<NoticeTables.Rotation> rotation = tables.rotation(secret);
        if (rotation.isPresent()) {
            tables.tell(told.notice(rotation.get().owner(), NoticeKind.NOTICE_KIND_SECRET_OVERDUE, secret)
                    .ofEnd(
                            cause,
                            rotation.get().dueMicros(),
                            rotation.get().dueMicros() + (rotation.get().generated() ? TURN_GRACE : 0)));
        }
    }

    /** Its end is told to whoever asked for it, and to whom they acted for, once it is approved: until then nothing is there to end. */
    private static void overrideRequested(NoticeTables tables, Told told, OverrideRequested requested)
            throws SQLException {
        for (String whom : List.of(requested.getRequesterId(), requested.getActingForId())) {
            if (!whom.isEmpty()) {
                ending(
                        tables,
                        told.notice(whom, NoticeKind.NOTICE_KIND_OVERRIDE_ENDING, requested.getHost()),
                        requested.getOverrideId(),
                        requested.getRequestedMicros(),
                        requested.getUntilMicros(),
                        OVERRIDE_LEAD);
            }
        }
        tables.cancel(requested.getOverrideId());
    }

    /** What lasts no longer than twice the lead ends without a notice. */
    private static void ending(
            NoticeTables tables, NoticeTables.New notice, String cause, long from, long until, long lead)
            throws SQLException {
        if (until != 0 && until - from > 2 * lead) {
            tables.tell(notice.ofEnd(cause, until, until - lead));
        }
    }
}
