package dev.chancery.notices;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Streams;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.notices.v1.NoticeChannel;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is due, once a second, and records what became of it. Of several processes one does, by an advisory lock of PostgreSQL; when
 * it ends another goes on.
 *
 * <p>Whether a notice was sent is asked of its stream, not of the view, which may be behind. So it is sent twice only where the process
 * ended between the answer of the mail server and the record of it; it has the same Message-ID then. Where the organisation's log takes no
 * record nothing is sent: it would be sent again and again.
 *
 * <p><b>Limits:</b> {@value #MAX_ROUND} notices a round. One that has been due for {@link #TOO_LATE} is parked: so whoever sets up mail
 * doesn't send a year's notices. An organisation whose log takes nothing rests for {@link #REST}; the others' notices go on. A channel that
 * couldn't be reached {@value #SILENT_AFTER} times in a row rests as long: each try may take ten seconds of all the others'.
 */
final class NoticeSender implements AutoCloseable {
    /** Notices that one round tries. */
    static final int MAX_ROUND = 100;

    private static final Duration TOO_LATE = Duration.ofDays(3);
    private static final long PAUSE_MILLIS = 1_000;
    private static final Duration REST = Duration.ofMinutes(1);

    /** Tries in a row that didn't reach a channel. */
    static final int SILENT_AFTER = 3;

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
    /** Organisations whose log took no record, and until when nothing of theirs is sent; as {@link System#nanoTime}. */
    private final Map<String, Long> resting = new HashMap<>();
    /** Of each channel, how often in a row it wasn't reached. */
    private final Map<NoticeChannel, Silence> silences = new HashMap<>();

    /** @param untilNanos it is not tried before, as {@link System#nanoTime} */
    private record Silence(int tries, long untilNanos) {
        boolean lasts() {
            return tries >= SILENT_AFTER && System.nanoTime() - untilNanos < 0;
        }
    }

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
                long now = Clock.nowMicros();
                long late = now - TOO_LATE.toNanos() / 1_000;
                resting.values().removeIf(untilNanos -> System.nanoTime() - untilNanos >= 0);
                each(due(Long.MIN_VALUE, late), this::park);
                each(due(late, now), this::send);
            }
        } catch (RuntimeException | SQLException e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of notices: cause=%s", e.getMessage());
        }
    }

    /** One notice that can't be sent keeps no other from it, and no organisation another. */
    private void each(List<Pending> found, Consumer<Due> work) {
        for (Pending pending : found) {
            if (clock.isShutdown() || !records.areTaken()) {
                return;
            }
            if (resting.containsKey(pending.tenant())) {
                continue;
            }
            if (!records.areTaken(pending.tenant())) {
                rest(pending.tenant());
                continue;
            }
            try {
                read(pending).ifPresent(work);
            } catch (RuntimeException e) {
                LOG.warnf("Notice left for later: tenant=%s notice=%s cause=%s", pending.tenant(), pending.notice(), e);
            }
        }
    }

    private void rest(String tenant) {
        resting.put(tenant, System.nanoTime() + REST.toNanos());
        LOG.warnf("Notices rest, since the log takes no record: tenant=%s seconds=%d", tenant, REST.toSeconds());
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

    /** The first ones due after one moment and up to another, of organisations that don't rest. */
    private List<Pending> due(long afterMicros, long untilMicros) {
        return database.transaction(DatabaseRole.NOTICES, connection -> {
            try (var query = connection.prepareStatement("SELECT tenant, notice FROM notices.pending"
                    + " WHERE due_micros > ? AND due_micros <= ? AND NOT tenant = ANY (?)"
                    + " ORDER BY due_micros LIMIT " + MAX_ROUND)) {
                query.setLong(1, afterMicros);
                query.setLong(2, untilMicros);
                query.setArray(
                        3, connection.createArrayOf("text", resting.keySet().toArray()));
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

    private void send(Due due) {
        Notice notice = due.notice();
        for (Channel channel : channels) {
            var now = current(notice);
            NoticeState.Delivery delivery = now.state().on(channel.id());
            if (!delivery.waits() || delivery.retryMicros() > Clock.nowMicros()) {
                continue;
            }
            if (!tried(due, channel, now, delivery)) {
                return;
            }
        }
    }

    /** Whether what became of it is recorded. */
    private boolean tried(Due due, Channel channel, Loaded<NoticeState> now, NoticeState.Delivery delivery) {
        Notice notice = due.notice();
        if (silences.getOrDefault(channel.id(), new Silence(0, 0)).lasts()) {
            // No attempt of its own.
            return failed(notice, channel, now, delivery.attempts(), false, NotDelivered.UNREACHABLE);
        }
        try {
            channel.deliver(notice, () -> address(due));
            silences.remove(channel.id());
            return sent(notice, channel, now);
        } catch (NotDelivered e) {
            if (e.code().equals(NotDelivered.UNREACHABLE)) {
                silences.merge(
                        channel.id(),
                        new Silence(1, System.nanoTime() + REST.toNanos()),
                        (before, one) -> new Silence(before.tries() + 1, one.untilNanos()));
            }
            int attempt = delivery.attempts() + 1;
            return failed(
                    notice,
                    channel,
                    now,
                    attempt,
                    attempt >= options.attempts() || e.code().equals(NotDelivered.NO_ADDRESS),
                    e.code());
        }
    }

    /** One that is due for too long. */
    private void park(Due due) {
        for (Channel channel : channels) {
            var now = current(due.notice());
            NoticeState.Delivery delivery = now.state().on(channel.id());
            if (delivery.waits()
                    && !failed(due.notice(), channel, now, delivery.attempts(), true, NotDelivered.TOO_LATE)) {
                return;
            }
        }
    }

    private Loaded<NoticeState> current(Notice notice) {
        return streams.current(notice.tenant(), NoticeState.stream(notice.id()), NoticeState.FOLD);
    }

    private boolean sent(Notice notice, Channel channel, Loaded<NoticeState> before) {
        List<NoticeState.Delivery> others = others(channel, before.state());
        boolean complete = others.stream().allMatch(NoticeState.Delivery::taken);
        OptionalLong again = again(others);
        count(channel, "sent");
        return record(
                notice,
                before.version(),
                NoticeSent.newBuilder()
                        .setNoticeId(notice.id())
                        .setPrincipalId(notice.principalId())
                        .setKind(notice.kind())
                        .setChannel(channel.id())
                        .setComplete(complete)
                        .setAgainMicros(again.orElse(0))
                        .setParked(!complete && again.isEmpty())
                        .build());
    }

    private boolean failed(
            Notice notice, Channel channel, Loaded<NoticeState> before, int attempt, boolean parked, String code) {
        var event = NoticeFailed.newBuilder()
                .setNoticeId(notice.id())
                .setPrincipalId(notice.principalId())
                .setKind(notice.kind())
                .setChannel(channel.id())
                .setCode(code)
                .setAttempt(attempt)
                .setParked(parked);
        OptionalLong again = again(others(channel, before.state()));
        if (!parked) {
            long retry = Clock.nowMicros() + waitMicros(Math.max(1, attempt));
            event.setRetryMicros(retry);
            again = OptionalLong.of(Math.min(retry, again.orElse(retry)));
        }
        count(channel, parked ? "parked" : "failed");
        LOG.warnf(
                "Notice not delivered: tenant=%s notice=%s channel=%s code=%s attempt=%d parked=%s",
                notice.tenant(), notice.id(), channel.id(), code, attempt, parked);
        return record(
                notice, before.version(), event.setAgainMicros(again.orElse(0)).build());
    }

    private List<NoticeState.Delivery> others(Channel channel, NoticeState state) {
        return channels.stream()
                .filter(other -> other != channel)
                .map(other -> state.on(other.id()))
                .toList();
    }

    /** When the first of those that wait tries it; empty: none waits. */
    private static OptionalLong again(List<NoticeState.Delivery> deliveries) {
        long now = Clock.nowMicros();
        return deliveries.stream()
                .filter(NoticeState.Delivery::waits)
                .mapToLong(waiting -> Math.max(waiting.retryMicros(), now))
                .min();
    }

    private boolean record(Notice notice, long version, Message event) {
        return switch (records.append(notice.tenant(), notice.id(), version, event)) {
            case AppendResult.Appended _ -> true;
            // Somebody replayed it meanwhile: it is looked at anew a moment later.
            case AppendResult.Moved _ -> false;
            case AppendResult.Refused _, AppendResult.Taken _, AppendResult.Replayed _ -> {
                rest(notice.tenant());
                yield false;
            }
        };
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
