package dev.chancery.notices;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Streams;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.notices.v1.NoticeFailed;
import dev.chancery.schema.notices.v1.NoticeKind;
import dev.chancery.schema.notices.v1.NoticeSent;
import io.micrometer.core.instrument.Metrics;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is due, once a second, and records what became of it. Of several processes one does, by an advisory lock of PostgreSQL; when
 * it ends another goes on.
 *
 * <p>Whether a notice was sent is asked of its stream, not of the view, which may be behind. So it is sent twice only where the process
 * ended between the answer of the mail server and the record of it; it has the same Message-ID then.
 *
 * <p><b>Limits:</b> {@value #MAX_ROUND} notices a round. One that has been due for {@link #TOO_LATE} is left: so whoever sets up mail doesn't
 * send a year's notices.
 */
final class NoticeSender implements AutoCloseable {
    /** Notices that one round tries. */
    static final int MAX_ROUND = 100;

    private static final Duration TOO_LATE = Duration.ofDays(3);
    private static final long PAUSE_MILLIS = 1_000;
    private static final Duration REST = Duration.ofMinutes(1);
    private static final int CLOSE_SECONDS = 30;
    private static final Logger LOG = Logger.getLogger(NoticeSender.class);

    private final Database database;
    private final NoticeRecords records;
    private final Streams streams;
    private final Keyring keyring;
    private final List<Channel> channels;
    private final NoticeOptions options;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("notices").factory());
    private @Nullable Connection lock;
    /** Until when nothing is sent, because a record of something that was sent was not taken; as {@link System#nanoTime}. */
    private long unrecordedNanos = System.nanoTime();

    NoticeSender(
            Database database,
            NoticeRecords records,
            Streams streams,
            Keyring keyring,
            List<Channel> channels,
            NoticeOptions options) {
        this.database = database;
        this.records = records;
        this.streams = streams;
        this.keyring = keyring;
        this.channels = List.copyOf(channels);
        this.options = options;
    }

    /** A notice that is due, and where it goes if not to the person's address of now. */
    private record Due(Notice notice, Optional<PersonAddress> address) {}

    private record Pending(String tenant, UUID notice) {}

    void start() {
        if (!channels.isEmpty()) {
            var _ = clock.scheduleWithFixedDelay(this::round, PAUSE_MILLIS, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    void round() {
        try {
            if (hasLock()) {
                for (Pending pending : due()) {
                    // What can't be recorded isn't sent: it would be sent again.
                    if (clock.isShutdown() || !records.areTaken() || System.nanoTime() - unrecordedNanos < 0) {
                        return;
                    }
                    send(pending);
                }
            }
        } catch (RuntimeException | SQLException e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of notices: cause=%s", e.getMessage());
        }
    }

    private boolean hasLock() throws SQLException {
        if (lock != null && !lock.isValid(1)) {
            lock.close();
            lock = null;
        }
        if (lock != null) {
            return true;
        }
        Connection connection = database.access().connect(DatabaseRole.NOTICES);
        try (var query = connection.createStatement();
                var row = query.executeQuery("SELECT pg_try_advisory_lock(hashtext('chancery.notices'))")) {
            row.next();
            if (row.getBoolean(1)) {
                lock = connection;
                return true;
            }
        }
        connection.close();
        return false;
    }

    private List<Pending> due() {
        long now = Clock.nowMicros();
        return database.transaction(DatabaseRole.NOTICES, connection -> {
            try (var query = connection.prepareStatement("SELECT tenant, notice FROM notices.pending"
                    + " WHERE due_micros <= ? AND due_micros > ? ORDER BY due_micros LIMIT " + MAX_ROUND)) {
                query.setLong(1, now);
                query.setLong(2, now - TOO_LATE.toNanos() / 1_000);
                List<Pending> found = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.add(new Pending(rows.getString(1), rows.getObject(2, UUID.class)));
                    }
                }
                return found;
            }
        });
    }

    /** How many are due. */
    double pending() {
        long now = Clock.nowMicros();
        return database.transaction(DatabaseRole.NOTICES, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT count(*) FROM notices.pending WHERE due_micros BETWEEN ? AND ?")) {
                query.setLong(1, now - TOO_LATE.toNanos() / 1_000);
                query.setLong(2, now);
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getDouble(1);
                }
            }
        });
    }

    /** One notice that can't be sent keeps no other from it. */
    private void send(Pending pending) {
        try {
            Optional<Due> due = read(pending);
            if (due.isPresent()) {
                send(due.get());
            }
        } catch (RuntimeException e) {
            LOG.warnf("Notice left for later: tenant=%s notice=%s cause=%s", pending.tenant(), pending.notice(), e);
        }
    }

    private void send(Due due) {
        Notice notice = due.notice();
        var stream = NoticeState.stream(notice.id());
        for (Channel channel : channels) {
            var now = streams.current(notice.tenant(), stream, NoticeState.FOLD);
            NoticeState state = now.state();
            if (state.parked()
                    || state.retryMicros() > Clock.nowMicros()
                    || state.taken().contains(channel.id())) {
                continue;
            }
            try {
                channel.deliver(notice, () -> address(due));
                boolean complete = channels.stream()
                        .allMatch(other -> other == channel || state.taken().contains(other.id()));
                record(
                        notice,
                        now.version(),
                        NoticeSent.newBuilder()
                                .setNoticeId(notice.id())
                                .setPrincipalId(notice.principalId())
                                .setKind(notice.kind())
                                .setChannel(channel.id())
                                .setComplete(complete)
                                .build());
                count(channel, "sent");
            } catch (NotDelivered e) {
                failed(notice, channel, state.attempts() + 1, now.version(), e.code());
            }
        }
    }

    private void failed(Notice notice, Channel channel, int attempt, long version, String code) {
        boolean parked = attempt >= options.attempts() || code.equals(NotDelivered.NO_ADDRESS);
        var event = NoticeFailed.newBuilder()
                .setNoticeId(notice.id())
                .setPrincipalId(notice.principalId())
                .setKind(notice.kind())
                .setChannel(channel.id())
                .setCode(code)
                .setAttempt(attempt)
                .setParked(parked);
        if (!parked) {
            event.setRetryMicros(Clock.nowMicros() + waitMicros(attempt));
        }
        record(notice, version, event.build());
        count(channel, parked ? "parked" : "failed");
        LOG.warnf(
                "Notice not delivered: tenant=%s notice=%s channel=%s code=%s attempt=%d parked=%s",
                notice.tenant(), notice.id(), channel.id(), code, attempt, parked);
    }

    private void record(Notice notice, long version, Message event) {
        if (!records.append(notice.tenant(), notice.id(), version, event)) {
            unrecordedNanos = System.nanoTime() + REST.toNanos();
        }
    }

    private long waitMicros(int attempt) {
        long doubled = options.firstRetry().toNanos() / 1_000 << Math.min(attempt - 1, 20);
        return Math.min(doubled, NoticeOptions.MAX_RETRY.toNanos() / 1_000);
    }

    private static void count(Channel channel, String outcome) {
        Metrics.counter("chancery.notices", "channel", channel.id().name(), "outcome", outcome)
                .increment();
    }

    private Optional<String> address(Due due) {
        Notice notice = due.notice();
        return due.address()
                .or(() -> streams.current(
                                notice.tenant(), AuthorityStreams.principal(notice.principalId()), PersonAddress.FOLD)
                        .state())
                .flatMap(address -> address.open(keyring, notice.tenant()));
    }

    private Optional<Due> read(Pending pending) {
        return database.inTenant(DatabaseRole.NOTICES, pending.tenant(), connection -> {
            try (var query = connection.prepareStatement("SELECT principal, kind, about, happened_micros, address,"
                    + " address_entry, address_type FROM notices.notice WHERE tenant = ? AND notice = ?")) {
                query.setString(1, pending.tenant());
                query.setObject(2, pending.notice());
                try (var row = query.executeQuery()) {
                    if (!row.next()) {
                        return Optional.empty();
                    }
                    var notice = new Notice(
                            pending.tenant(),
                            pending.notice().toString(),
                            row.getString("principal"),
                            NoticeKind.forNumber(row.getInt("kind")),
                            row.getString("about"),
                            row.getLong("happened_micros"));
                    return Optional.of(new Due(notice, address(row)));
                }
            }
        });
    }

    private static Optional<PersonAddress> address(ResultSet row) throws SQLException {
        byte[] sealed = row.getBytes("address");
        if (sealed == null) {
            return Optional.empty();
        }
        try {
            var entry = ByteBuffer.wrap(row.getBytes("address_entry"));
            return Optional.of(new PersonAddress(
                    Sealed.parseFrom(sealed),
                    new UUID(entry.getLong(), entry.getLong()),
                    row.getString("address_type")));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a sealed address does not parse", e);
        }
    }

    /** Begins no more, and waits for what is on its way. */
    @Override
    public void close() {
        clock.shutdown();
        try {
            if (!clock.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                clock.shutdownNow();
            }
            if (lock != null) {
                lock.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            LOG.debugf("Lock of notices not closed: cause=%s", e.getMessage());
        }
    }
}
