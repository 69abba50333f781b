package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.Ids;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.Connections;
import dev.chancery.decision.EventReading;
import dev.chancery.decision.ListedHosts;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.NameResolver;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.egress.v1.ConnectorConnected;
import dev.chancery.schema.egress.v1.ConnectorDisconnected;
import dev.chancery.schema.vault.v1.DatabaseConnected;
import dev.chancery.schema.vault.v1.LeaseEnd;
import dev.chancery.schema.vault.v1.LeaseEnded;
import dev.chancery.schema.vault.v1.LeaseIssued;
import dev.chancery.schema.vault.v1.LeaseRoleDropped;
import dev.chancery.schema.vault.v1.SecretBound;
import dev.chancery.schema.vault.v1.SecretLeaked;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import dev.chancery.schema.vault.v1.StrayRoleDropped;
import dev.chancery.schema.vault.v1.StrayRoleFound;
import dev.chancery.testkit.TargetPostgres;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Leases end, over a real log and with a real PostgreSQL that is none of Chancery's. */
class LeaseEnderTest extends WithVaultLog {
    private static final String ORDERS = "prod/orders";
    private static final String WORKSPACE = "0199f2aa-0000-7000-8000-000000000002";
    private static final String ADMIN_SECRET = "prod/orders/admin";
    private static final NameResolver NAMES = name -> List.of(InetAddress.getByName("127.0.0.1"));
    private static final TargetServer OPENED = server(AddressRanges.forbidden().except(List.of("127.0.0.0/8")));

    @TempDir
    private static Path directory;

    private static TargetPostgres target;

    private final AtomicLong clock = new AtomicLong(Clock.nowMicros());
    private final Set<String> before = Set.copyOf(target.roles());

    @BeforeAll
    static void aTarget() {
        target = TargetPostgres.start(directory.resolve("target"));
    }

    @AfterAll
    static void closeTarget() {
        target.close();
    }

    @BeforeEach
    void aDatabaseThatIsConnected() {
        append(
                Names.secret(ADMIN_SECRET),
                SecretVersionWritten.newBuilder()
                        .setSecret(ADMIN_SECRET)
                        .setSecretVersion(1)
                        .setValue(ring.seal(
                                new SecretPlace(tenant, "prod", ADMIN_SECRET, 1),
                                target.adminPassword().getBytes(UTF_8)))
                        .build());
        append(Names.database(ORDERS), connected("127.0.0.1"));
    }

    private static DatabaseConnected connected(String host) {
        return DatabaseConnected.newBuilder()
                .setDatabase(ORDERS)
                .setHost(host)
                .setPort(target.port())
                .setDatabaseName(TargetPostgres.DATABASE)
                .setAdminName(TargetPostgres.ADMIN)
                .setAdminSecret(ADMIN_SECRET)
                .setWorkspaceId(WORKSPACE)
                .build();
    }

    /** As the egress feature writes it. */
    private void connection(Message event) {
        append(DatabaseRole.EGRESS, tenant, Connections.stream(WORKSPACE), event);
    }

    private Targets targets() {
        return new Targets(ring, OPENED);
    }

    /** As a process that starts now has it. */
    private LeaseEnder process() {
        return new LeaseEnder(INSTANCE, log(), targets(), clock::get);
    }

    private Targets.Known known() {
        return log().database(tenant, ORDERS).orElseThrow();
    }

    private Lease lease(String id) {
        return log().lease(tenant, id).state();
    }

    /** A role in the target, of a lease that was made some time ago. */
    private RoleName role(long madeMicros, double seconds, String password) throws TargetRefused {
        var id = new UUID((madeMicros / 1000) << 16 | 0x7000, 0x8000000000000000L | clock.incrementAndGet());
        var role = new RoleName(RoleName.prefix(INSTANCE, tenant, ORDERS), id.toString());
        targets()
                .run(
                        known(),
                        clock.get(),
                        session -> session.create(
                                role, List.of(TargetPostgres.WRITER), 3, password.toCharArray(), seconds));
        return role;
    }

    private RoleName issued(double seconds, String password) throws TargetRefused {
        long until = clock.get() + (long) (seconds * 1_000_000);
        RoleName role = role(clock.get(), seconds, password);
        append(
                Lease.stream(role.leaseId()),
                LeaseIssued.newBuilder()
                        .setLeaseId(role.leaseId())
                        .setSecret("prod/orders/app")
                        .setDatabase(ORDERS)
                        .setRoleName(role.text())
                        .setHolderId("0199f2aa-0000-7000-8000-000000000001")
                        .setUntilMicros(until)
                        .setMaxUntilMicros(until)
                        .setTtlSeconds(1)
                        .build());
        return role;
    }

    private List<String> roles() {
        return target.roles().stream().filter(role -> !before.contains(role)).toList();
    }

    private void pass(long seconds) {
        clock.addAndGet(TimeUnit.SECONDS.toMicros(seconds));
    }

    @Test
    void aLeaseThatIsOverIsDroppedWithItsConnectionsAndWhatItMadeStays() throws Exception {
        RoleName role = issued(600, "Papagei-1");
        try (Connection holder = target.signIn(role.text(), "Papagei-1");
                var statement = holder.createStatement()) {
            statement.execute("INSERT INTO shop.item VALUES ('tea')");
            statement.execute("CREATE TABLE shop.made (name text)");
            assertThat(process().end(tenant, ORDERS, List.of(role.leaseId())))
                    .as("not yet")
                    .isFalse();
            assertThat(roles()).containsExactly(role.text());
            pass(601);
            assertThat(process().end(tenant, ORDERS, List.of(role.leaseId()))).isTrue();
            assertThat(holder.isValid(5)).isFalse();
        }
        assertThat(roles()).isEmpty();
        assertThat(target.letsIn(role.text(), "Papagei-1")).isFalse();
        assertThat(lease(role.leaseId()).dropped()).isTrue();
        target.execute(TargetPostgres.DATABASE, "SELECT name FROM shop.made", "DROP TABLE shop.made");
    }

    /** Of a reference that is bound to a connector, and of the administrator's password that is. */
    @ParameterizedTest
    @ValueSource(strings = {"prod/orders/app", ADMIN_SECRET})
    void aLeaseEndsWithTheConnectorThatItRestsOn(String bound) throws Exception {
        var connected = ConnectorConnected.newBuilder()
                .setWorkspaceId(WORKSPACE)
                .setConnector("shop")
                .build();
        connection(connected);
        append(
                Names.secret(bound),
                SecretBound.newBuilder()
                        .setSecret(bound)
                        .setWorkspaceId(WORKSPACE)
                        .setConnector("shop")
                        .build());
        RoleName role = issued(600, "Papagei-9");
        assertThat(process().end(tenant, ORDERS, List.of(role.leaseId())))
                .as("connected")
                .isFalse();
        connection(ConnectorDisconnected.newBuilder()
                .setWorkspaceId(WORKSPACE)
                .setConnector("shop")
                .build());
        // Another connection of the name brings nothing back.
        connection(connected);
        assertThat(process().end(tenant, ORDERS, List.of(role.leaseId()))).isTrue();
        assertThat(roles()).isEmpty();
        assertThat(log().isOver(tenant, log().secret(tenant, bound).state())).isTrue();
        assertThat(lease(role.leaseId()).dropped()).isTrue();
    }

    @Test
    void aLeaseEndsOnceTheDatabaseIsHeardAgain() throws Exception {
        RoleName role = issued(600, "Papagei-2");
        target.kill();
        try {
            pass(601);
            assertThatThrownBy(() -> process().end(tenant, ORDERS, List.of(role.leaseId())))
                    .isInstanceOf(TargetRefused.class)
                    .hasMessage("vault.database-unreachable");
            assertThat(lease(role.leaseId()).ended()).as("decided all the same").isTrue();
            assertThat(lease(role.leaseId()).dropped()).isFalse();
        } finally {
            target.restart();
        }
        assertThat(process().end(tenant, ORDERS, List.of(role.leaseId()))).isTrue();
        assertThat(roles()).isEmpty();
    }

    @Test
    void aSweepAloneEndsWhatIsOverThoughBothWereAway() throws Exception {
        RoleName over = issued(600, "Papagei-3");
        RoleName live = issued(6_000, "Papagei-4");
        target.kill();
        pass(601);
        target.restart();

        LeaseEnder.Swept swept = process().sweep(known());
        assertThat(swept).isEqualTo(new LeaseEnder.Swept(2, 1, 1, 0, List.of()));
        assertThat(roles()).containsExactly(live.text());
        assertThat(lease(over.leaseId()).dropped()).isTrue();
        assertThat(target.letsIn(live.text(), "Papagei-4")).isTrue();
    }

    @Test
    void aClockThatIsSetBackProlongsNoLease() throws Exception {
        RoleName role = issued(1, "Papagei-5");
        clock.addAndGet(-TimeUnit.DAYS.toMicros(1));
        awaitRefusal(role, "Papagei-5");

        assertThat(process().sweep(known()).dropped()).isOne();
        assertThat(roles()).isEmpty();
        assertThat(lease(role.leaseId()).dropped()).isTrue();
    }

    private static void awaitRefusal(RoleName role, String password) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (target.letsIn(role.text(), password)) {
            assertThat(System.nanoTime() - deadline)
                    .as("PostgreSQL itself ends it")
                    .isNegative();
            Thread.sleep(50);
        }
    }

    /** Ended in the log; dropped in the database; dropped in the log. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void aProcessThatDiesBetweenAnyTwoStepsIsFollowedByOneThatGoesOn(int done) throws Exception {
        for (boolean sweep : new boolean[] {false, true}) {
            RoleName role = issued(600, "Papagei-6");
            pass(601);
            if (done >= 1) {
                append(Lease.stream(role.leaseId()), LeaseRules.ended(role.leaseId(), LeaseEnd.LEASE_END_EXPIRED));
            }
            if (done >= 2) {
                targets().run(known(), clock.get(), session -> session.drop(role));
            }
            if (done >= 3) {
                append(
                        Lease.stream(role.leaseId()),
                        LeaseRoleDropped.newBuilder().setLeaseId(role.leaseId()).build());
            }
            if (sweep) {
                process().sweep(known());
            }
            assertThat(process().end(tenant, ORDERS, List.of(role.leaseId()))).isTrue();
            assertThat(roles()).isEmpty();
            assertThat(log().lease(tenant, role.leaseId()).version())
                    .as("issued, ended and dropped, each once")
                    .isEqualTo(3);
        }
    }

    @Test
    void aRoleOfNoLeaseIsFoundAndDroppedOnceNoCommandCanTellOfItAnyMore() throws Exception {
        RoleName stray = role(clock.get() - TimeUnit.SECONDS.toMicros(61), 600, "Papagei-7");
        RoleName young = role(clock.get() - TimeUnit.SECONDS.toMicros(30), 600, "Papagei-8");

        assertThat(process().sweep(known())).isEqualTo(new LeaseEnder.Swept(2, 0, 0, 0, List.of(stray.text())));
        assertThat(roles()).containsExactly(young.text());
        assertThat(eventsOf(Names.database(ORDERS)))
                .containsExactly(
                        connected("127.0.0.1"),
                        StrayRoleFound.newBuilder()
                                .setDatabase(ORDERS)
                                .setRoleName(stray.text())
                                .build(),
                        StrayRoleDropped.newBuilder()
                                .setDatabase(ORDERS)
                                .setRoleName(stray.text())
                                .build());
        pass(60);
        assertThat(process().sweep(known()).strays()).containsExactly(young.text());
    }

    private List<Message> eventsOf(StreamId stream) {
        var all = new Fold<List<Message>, LogEvent>() {
            @Override
            public List<Message> initial() {
                return List.of();
            }

            @Override
            public List<Message> evolve(List<Message> state, LogEvent event) {
                Message read =
                        switch (event.type()) {
                            case "chancery.vault.v1.DatabaseConnected" ->
                                EventReading.read(DatabaseConnected.parser(), event.body());
                            case "chancery.vault.v1.StrayRoleFound" ->
                                EventReading.read(StrayRoleFound.parser(), event.body());
                            case "chancery.vault.v1.StrayRoleDropped" ->
                                EventReading.read(StrayRoleDropped.parser(), event.body());
                            default -> LeaseEnded.getDefaultInstance();
                        };
                return Stream.concat(state.stream(), Stream.of(read)).toList();
            }
        };
        return streams().current(tenant, stream, all).state();
    }

    /** Found in the log; dropped in the database. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aSweepThatDiedWithAStrayIsFollowedByOneThatSaysTheRestOnce(int done) throws Exception {
        RoleName stray = role(clock.get() - TimeUnit.SECONDS.toMicros(61), 600, "Papagei-12");
        append(
                Names.database(ORDERS),
                StrayRoleFound.newBuilder()
                        .setDatabase(ORDERS)
                        .setRoleName(stray.text())
                        .build());
        if (done >= 2) {
            targets().run(known(), clock.get(), session -> session.drop(stray));
        }
        process().sweep(known());
        process().sweep(known());
        assertThat(roles()).isEmpty();
        assertThat(eventsOf(Names.database(ORDERS)))
                .as("found once and dropped once")
                .hasSize(3)
                .endsWith(StrayRoleDropped.newBuilder()
                        .setDatabase(ORDERS)
                        .setRoleName(stray.text())
                        .build());
    }

    @Test
    void aRoleThatTheServerKeepsHoldsUpNoOther() throws Exception {
        RoleName kept = issued(600, "Papagei-13");
        RoleName next = issued(600, "Papagei-14");
        RoleName stray = role(clock.get() - TimeUnit.SECONDS.toMicros(61), 600, "Papagei-15");
        target.execute(
                "postgres", "CREATE TABLE made_elsewhere ()", "ALTER TABLE made_elsewhere OWNER TO " + kept.text());
        try {
            pass(601);
            assertThatThrownBy(() -> process().end(tenant, ORDERS, List.of(kept.leaseId(), next.leaseId())))
                    .hasMessage("vault.role-kept");
            assertThat(roles()).containsExactlyInAnyOrder(kept.text(), stray.text());
            assertThat(lease(next.leaseId()).dropped()).isTrue();
            assertThat(lease(kept.leaseId()).dropped()).isFalse();
            assertThat(target.letsIn(kept.text(), "Papagei-13")).isFalse();
            assertThat(process().sweep(known())).isEqualTo(new LeaseEnder.Swept(2, 0, 0, 1, List.of(stray.text())));
        } finally {
            target.execute("postgres", "DROP TABLE made_elsewhere");
        }
        assertThat(process().sweep(known()).dropped()).isOne();
        assertThat(roles()).isEmpty();
    }

    /** A function that runs with its owner's rights, and is called by whoever finds it. */
    @Test
    void whatACredentialLeavesBehindHasNoMoreRightsThanItHad() throws Exception {
        RoleName role = issued(600, "Papagei-16");
        try (Connection holder = target.signIn(role.text(), "Papagei-16");
                var statement = holder.createStatement()) {
            statement.execute(
                    "CREATE FUNCTION shop.become() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'");
        }
        pass(601);
        assertThat(process().end(tenant, ORDERS, List.of(role.leaseId()))).isTrue();
        target.execute(
                TargetPostgres.DATABASE,
                "DO $$ BEGIN ASSERT shop.become() = '" + TargetPostgres.WRITER + "'; END $$",
                "DROP FUNCTION shop.become()");
    }

    /** Of the administrator's session that drops it, e.g. a function that takes the place of PostgreSQL's own. */
    @Test
    void nothingThatACredentialMadeRunsInTheAdministratorsSession() throws Exception {
        target.execute(
                TargetPostgres.DATABASE,
                "CREATE TABLE shop.trap (caller text)",
                "GRANT INSERT ON shop.trap TO PUBLIC",
                "GRANT CREATE ON SCHEMA public TO " + TargetPostgres.WRITER);
        RoleName role = issued(600, "Papagei-17");
        try (Connection holder = target.signIn(role.text(), "Papagei-17");
                var statement = holder.createStatement()) {
            for (String type : List.of("text", "character varying")) {
                statement.execute(
                        "CREATE FUNCTION public.starts_with(name, " + type + ") RETURNS boolean LANGUAGE sql AS"
                                + " 'INSERT INTO shop.trap VALUES (current_user) RETURNING true'");
            }
        }
        try {
            pass(601);
            assertThat(process().sweep(known()).dropped()).isOne();
            target.execute(TargetPostgres.DATABASE, "DO $$ BEGIN ASSERT (SELECT count(*) FROM shop.trap) = 0; END $$");
        } finally {
            target.execute(
                    TargetPostgres.DATABASE,
                    "DROP FUNCTION IF EXISTS public.starts_with(name, text), public.starts_with(name, character varying)",
                    "DROP TABLE shop.trap",
                    "REVOKE CREATE ON SCHEMA public FROM " + TargetPostgres.WRITER);
        }
    }

    @Test
    void aLeakEndsTheLeasesThatRestOnItThoughTheirTimeIsNotOver() throws Exception {
        RoleName before = issued(600, "Papagei-18");
        leaks("prod/orders/app");
        RoleName after = issued(600, "Papagei-19");
        try (Connection holder = target.signIn(before.text(), "Papagei-18")) {
            assertThat(process().end(tenant, ORDERS, List.of(before.leaseId(), after.leaseId())))
                    .as("the later one is none of those")
                    .isFalse();
            assertThat(holder.isValid(5)).isFalse();
        }
        assertThat(roles()).containsExactly(after.text());
        assertThat(lease(before.leaseId()).dropped()).isTrue();

        leaks(ADMIN_SECRET);
        append(
                Names.secret(ADMIN_SECRET),
                SecretVersionRevoked.newBuilder()
                        .setSecret(ADMIN_SECRET)
                        .setSecretVersion(1)
                        .build());
        assertThat(process().sweep(known())).isEqualTo(new LeaseEnder.Swept(1, 0, 1, 0, List.of()));
        assertThat(roles()).isEmpty();
    }

    private void leaks(String secret) {
        append(Names.secret(secret), SecretLeaked.newBuilder().setSecret(secret).build());
    }

    @Test
    void anotherOrganisationsRolesAreNotLookedAt() throws Exception {
        RoleName mine = role(clock.get() - TimeUnit.HOURS.toMicros(1), 600, "Papagei-9");
        String elsewhere = RoleName.prefix(INSTANCE, UUID.randomUUID().toString(), ORDERS)
                + mine.leaseId().replace("-", "");
        target.execute("postgres", "CREATE ROLE " + elsewhere);
        try {
            assertThat(process().sweep(known()).found()).isOne();
            assertThat(roles()).containsExactly(elsewhere);
        } finally {
            target.execute("postgres", "DROP ROLE " + elsewhere);
        }
    }

    @Test
    void noCredentialIsAMemberOfARoleThatCanMakeItselfMore() {
        target.execute(
                "postgres",
                "CREATE ROLE harmless_looking",
                "GRANT pg_read_server_files TO harmless_looking",
                "GRANT harmless_looking TO vault_admin WITH ADMIN OPTION",
                "CREATE ROLE maker CREATEDB");
        try {
            for (String granted : List.of("nobody_there", "harmless_looking", "maker", "postgres", "vault_admin")) {
                assertThatThrownBy(() -> create(granted)).as(granted).hasMessage("vault.granted-roles");
            }
        } finally {
            target.execute("postgres", "DROP ROLE harmless_looking", "DROP ROLE maker");
        }
        assertThat(roles()).isEmpty();
    }

    private static TargetServer server(AddressRanges forbidden) {
        return new TargetServer(new Destinations(forbidden, NAMES), Optional.empty());
    }

    private void create(String granted) throws TargetRefused {
        var role = new RoleName(
                RoleName.prefix(INSTANCE, tenant, ORDERS), Ids.uuidV7().toString());
        targets()
                .run(
                        known(),
                        clock.get(),
                        session -> session.create(role, List.of(granted), 3, "Papagei-10".toCharArray(), 600));
    }

    @Test
    void nothingIsDialledThatNoListAllows() {
        var nowhere = server(AddressRanges.forbidden());
        byte[] password = {'x'};
        ListedHosts none = ListedHosts.FOLD.initial();
        ListedHosts denied = new ListedHosts(Set.of(), Set.of("127.0.0.1:" + target.port()));
        ListedHosts named = new ListedHosts(Set.of("db.example.com:" + target.port()), Set.of());
        ListedHosts otherPort = new ListedHosts(Set.of("db.example.com:1"), Set.of());
        var opened = OPENED;

        assertThatThrownBy(() ->
                        nowhere.open(connected("127.0.0.1"), none.policy(nowhere.forbidden()), password, clock.get()))
                .hasMessage("vault.egress-denied");
        assertThatThrownBy(() ->
                        opened.open(connected("127.0.0.1"), denied.policy(opened.forbidden()), password, clock.get()))
                .hasMessage("vault.egress-denied");
        assertThatThrownBy(() -> opened.open(
                        connected("db.example.com"), otherPort.policy(opened.forbidden()), password, clock.get()))
                .hasMessage("vault.egress-denied");
        // The list has the name, and it leads to an address that nobody opened.
        assertThatThrownBy(() -> nowhere.open(
                        connected("db.example.com"), named.policy(nowhere.forbidden()), password, clock.get()))
                .hasMessage("vault.egress-denied");
        assertThatThrownBy(() -> opened.open(
                        connected("db.example.com"), named.policy(opened.forbidden()), password, clock.get()))
                .as("it is heard, and the password is wrong")
                .hasMessage("vault.admin-refused");
    }

    @Test
    void aServerThatAsksForThePasswordItselfIsNotToldIt() throws Exception {
        try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var told = CompletableFuture.supplyAsync(() -> {
                try (var socket = server.accept()) {
                    var in = new DataInputStream(socket.getInputStream());
                    in.readNBytes(in.readInt() - 4);
                    // AuthenticationCleartextPassword.
                    socket.getOutputStream().write(new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 3});
                    return new String(in.readAllBytes(), UTF_8);
                } catch (IOException e) {
                    return "";
                }
            });
            var liar = connected("127.0.0.1").toBuilder()
                    .setPort(server.getLocalPort())
                    .build();
            var opened = OPENED;
            assertThatThrownBy(() -> opened.open(
                            liar,
                            ListedHosts.FOLD.initial().policy(opened.forbidden()),
                            "Kakadu-geheim".getBytes(UTF_8),
                            clock.get()))
                    .isInstanceOf(TargetRefused.class);
            assertThat(told.get(20, TimeUnit.SECONDS)).doesNotContain("Kakadu");
        }
    }

    @Test
    void theServerKeepsNoPasswordButWhatScramDerives() throws SQLException, TargetRefused {
        RoleName role = issued(600, "Papagei-11");
        target.execute(
                "postgres",
                "DO $$ BEGIN ASSERT (SELECT rolpassword LIKE 'SCRAM-SHA-256$%' AND rolconnlimit = 3 FROM pg_authid"
                        + " WHERE rolname = '" + role.text() + "'); END $$");
        pass(601);
        assertThat(process().end(tenant, ORDERS, List.of(role.leaseId()))).isTrue();
    }
}
