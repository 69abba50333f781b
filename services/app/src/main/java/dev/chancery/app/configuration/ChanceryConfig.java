package dev.chancery.app.configuration;

import dev.chancery.boundary.connections.ConnectionLimits;
import dev.chancery.boundary.limits.ChallengeOptions;
import dev.chancery.boundary.limits.LimitOptions;
import dev.chancery.boundary.limits.Rate;
import dev.chancery.feature.HolderOptions;
import dev.chancery.feature.LeaseOptions;
import dev.chancery.feature.LedgerMode;
import dev.chancery.feature.NoticeOptions;
import dev.chancery.feature.ProxyOptions;
import dev.chancery.feature.SessionLimits;
import dev.chancery.projection.ProjectionOptions;
import dev.chancery.relay.RelayOptions;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SysPropConfigSource;
import io.smallrye.config.WithDefault;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of a process. A file that holds anything else that begins with {@code chancery.} is refused, so that a misspelt limit is
 * noticed.
 */
@ConfigMapping(prefix = "chancery")
public interface ChanceryConfig {
    @About("The installation's own name, the first half of every log's origin: `ch-` and 16 hexadecimal digits. "
            + "The same in every process; never changes.")
    String instanceId();

    @About("This process's name in the installation, the same at each start of it. "
            + "The environment variable `CHANCERY_PROCESS` sets it too.")
    String process();

    @About("How clients reach the installation: issuer and audience of its access tokens. The same in every process.")
    String publicUrl();

    @About("The key file that wraps keys: `core`, `ledger` and `egress` need one, may have different ones, and no other"
            + " role may have one.")
    Optional<Path> sealerFile();

    SealerToken sealerToken();

    SealerTransit sealerTransit();

    @About("`core`: where the one-time owner claim is written, or is found when it is there already.")
    Optional<Path> ownerClaimFile();

    Http http();

    Database database();

    Kafka kafka();

    Relay relay();

    Projection projection();

    Ledger ledger();

    Sessions sessions();

    Egress egress();

    Holders holders();

    Leases leases();

    Retention retention();

    CallLimits limits();

    Notices notices();

    interface SealerToken {
        @About(
                "The PKCS#11 library of a hardware security module that wraps keys, instead of `chancery.sealer-file`, e.g. "
                        + "`/usr/lib/softhsm/libsofthsm2.so`.")
        Optional<Path> library();

        @About("Which of the library's slots the token is in, counted from 0.")
        @WithDefault("0")
        int slot();

        @About("File with the PIN of the token's user, readable by this process's user or group alone.")
        Optional<Path> pinFile();

        @About(
                "Make the token's keys, `chancery-derive-1`, `chancery-ring-1` and `chancery-wrap-1`, where it has none: for the very first "
                        + "start, of one process alone.")
        @WithDefault("false")
        boolean makeKeys();
    }

    interface SealerTransit {
        @About(
                "The address of an OpenBao or HashiCorp Vault whose transit engine wraps keys, instead of `chancery.sealer-file`, e.g. "
                        + "`https://bao.internal:8200`. `http://` for this machine only.")
        Optional<URI> address();

        @About("Where the engine is enabled there.")
        @WithDefault("transit")
        String mount();

        @About("The namespace that the engine is in, sent as `X-Vault-Namespace`.")
        Optional<String> namespace();

        @About(
                "What the names of the engine's keys begin with: `<keys>-wrap`, `<keys>-derive`, `<keys>-ring`. Another one for each"
                        + " installation, and for processes that are to have other keys than `core`.")
        @WithDefault("chancery")
        String keys();

        @About(
                "File with the engine's token, readable by this process's user or group alone. It is read for each request.")
        Optional<Path> tokenFile();

        @About("PEM file with the certificates that the server's is checked against. Without it: the Java runtime's.")
        Optional<Path> caFile();

        @About("How long each request may take, the answer included.")
        @WithDefault("PT5S")
        Duration timeout();

        @About("Make the engine's keys where it has none: for the very first start, of one process alone.")
        @WithDefault("false")
        boolean makeKeys();
    }

    interface Http {
        @About("The address that the one port for REST, gRPC and health is bound to. Beyond the loopback it needs a"
                + " certificate.")
        @WithDefault("127.0.0.1")
        String host();

        @About("The port.")
        @WithDefault("8080")
        int port();

        @About("PEM file with the server's certificate chain.")
        Optional<Path> certificateFile();

        @About("PEM file with the certificate's key (PKCS#8, unencrypted).")
        Optional<Path> keyFile();

        Limits limits();
    }

    /** Of the connections to the process's port. */
    interface Limits {
        @About("Connections at a time, and never more than a quarter of the descriptors that the process may have "
                + "(`ulimit -n`). One more pushes out the one that has gone longest without an answer.")
        @WithDefault("1000")
        int connections();

        @About("Until when a new connection must have had its first answer.")
        @WithDefault("PT60S")
        Duration firstAnswer();

        @About("How long a peer may leave unread what it is answered; after that its connection ends.")
        @WithDefault("PT20S")
        Duration unread();

        @About("Bytes that may wait in one connection for its peer to read them; more end it.")
        @WithDefault("16777216")
        long unreadBytes();

        @About("Bytes that the unread answers and open streams of all connections may hold together. Beyond that the"
                + " connections end that keep most waiting for longest. 0: an eighth of the heap.")
        @WithDefault("0")
        long unreadTotalBytes();

        @About("How long a connection may keep silent.")
        @WithDefault("PT10M")
        Duration idle();
    }

    interface Database {
        @About("PostgreSQL's host.")
        @WithDefault("127.0.0.1")
        String host();

        @About("PostgreSQL's port.")
        @WithDefault("5432")
        int port();

        @About("The database.")
        @WithDefault("chancery")
        String name();

        @About("PEM file with the certificates that the server's is checked against; its host name is checked too. "
                + "Needed unless the host is a loopback address.")
        Optional<Path> caFile();

        @About("Directory with the files `<role>.password`, `<role>.crt` and `<role>.key` of each database role of"
                + " this process.")
        Path credentialsDirectory();

        @About("Connections a database role at most.")
        @WithDefault("10")
        int poolSize();
    }

    interface Kafka {
        @About("PEM file with the certificates that brokers' are checked against; turns TLS on. "
                + "Needed unless every bootstrap server is a loopback address.")
        Optional<Path> caFile();

        @About("PEM file with this process's certificate chain, which it shows to brokers.")
        Optional<Path> certificateFile();

        @About("PEM file with the certificate's key (PKCS#8, unencrypted).")
        Optional<Path> keyFile();
    }

    interface Relay {
        @About("Copies of each partition of a topic that the relay creates; -1: what the brokers have as their"
                + " default.")
        @WithDefault("-1")
        short replicationFactor();

        @About("Write-ahead log that the relay may leave unread, in bytes, before commands are refused with "
                + "`backbone.relay-behind`. Well below PostgreSQL's `max_slot_wal_keep_size`.")
        @WithDefault("2147483648")
        long maxSlotBytes();

        @About("Records sent before their acknowledgements are awaited.")
        @WithDefault("2048")
        int maxBatchRecords();

        @About("Bytes read from the table before they are sent.")
        @WithDefault("8388608")
        int maxBatchBytes();

        @About("How long Kafka may take to acknowledge before the batch fails.")
        @WithDefault("PT30S")
        Duration deliveryTimeout();

        @About("The first wait before a restart after a failure; each further one doubles it.")
        @WithDefault("PT0.2S")
        Duration minBackoff();

        @About("The longest wait before a restart after a failure.")
        @WithDefault("PT10S")
        Duration maxBackoff();
    }

    interface Projection {
        @About("How long a process that sends nothing keeps its partitions.")
        @WithDefault("PT10S")
        Duration memberTimeout();

        @About("Records read from Kafka at once.")
        @WithDefault("2000")
        int maxPollRecords();

        @About("Records of one organisation applied in one transaction.")
        @WithDefault("1000")
        int maxRunRecords();

        @About("How long a projection rests after it applied records, so that the next ones share a transaction.")
        @WithDefault("PT0.05S")
        Duration gather();

        @About("The first wait before a retry; each further one doubles it.")
        @WithDefault("PT0.1S")
        Duration minBackoff();

        @About("The longest wait before a retry.")
        @WithDefault("PT10S")
        Duration maxBackoff();
    }

    interface Ledger {
        @About("`ledger`: how long a record may be in no checkpoint before `/q/health` and"
                + " `chancery_ledger_stale_seconds` say so.")
        @WithDefault("PT1M")
        Duration staleAfter();

        @About(
                "`core`: `standard`, or `privacy-enhanced`: of where calls and sign-ins came from, records keep salted commitments"
                        + " in place of sealed values. Nobody can read those; `FindRecords` finds them by their value.")
        @WithDefault("standard")
        LedgerMode mode();
    }

    interface Sessions {
        @About("`core`: how long a session that is not refreshed goes on.")
        @WithDefault("PT168H")
        Duration idle();

        @About("`core`: how long a session goes on in any case.")
        @WithDefault("PT720H")
        Duration lifetime();

        @About("`core`: sessions of one principal at a time, 1 to 50. Access tokens without a session don't count.")
        @WithDefault("10")
        int limit();

        @About("`core`: what a sign-in beyond the limit comes to: `oldest-ends` or `new-is-refused`.")
        @WithDefault("oldest-ends")
        SessionLimits.AtLimit atLimit();

        @About("`core`: what ends when a refresh token is presented that was spent: `all-end`, that is all that the "
                + "principal is signed in with, or `session-ends`.")
        @WithDefault("all-end")
        SessionLimits.OnReuse onReuse();

        @About("`core`: after how long the key that signs access tokens is replaced.")
        @WithDefault("PT720H")
        Duration keyAge();
    }

    interface Retention {
        @About(
                "`core`: how long after an erasure the keys above the subject's, which are replaced soon after it, are destroyed too,"
                        + " so that no older backup opens anything of it; at least a second. Back up the key file in that time. Many"
                        + " erasures within an eighth of it share one replacement.")
        @WithDefault("PT24H")
        Duration horizon();
    }

    static SessionLimits limits(Sessions sessions) {
        return new SessionLimits(
                sessions.idle(),
                sessions.lifetime(),
                sessions.limit(),
                sessions.atLimit(),
                sessions.onReuse(),
                sessions.keyAge());
    }

    interface Egress {
        @About(
                "`egress`: the address that the forward proxy is bound to. Beyond the loopback it uses the certificate of "
                        + "`chancery.http.certificate-file`, and clients reach it as `https://`.")
        @WithDefault("127.0.0.1")
        String host();

        @About("`egress`: the forward proxy's port; 0: any that is free.")
        @WithDefault("3128")
        int port();

        @About(
                "`egress`: connections at a time that have sent no good access token yet; one more ends the one that has been there longest.")
        @WithDefault("256")
        int maxStrangers();

        @About("`egress`: callers' connections through the proxy at a time; more are refused with `proxy.busy`.")
        @WithDefault("2000")
        int maxTunnels();

        @About("`egress`: connections of one workspace at a time; more are refused with `proxy.too-many`.")
        @WithDefault("500")
        int maxTunnelsAWorkspace();

        @About("`egress`: how long a connection may carry no byte before it is ended.")
        @WithDefault("PT2M")
        Duration idle();

        @About("`egress`: how long a connection may last.")
        @WithDefault("PT12H")
        Duration lifetime();
    }

    /** The forward proxy's options; by itself it is for this machine alone. */
    static ProxyOptions options(Egress egress, Http http) {
        Optional<ProxyOptions.Tls> tls = http.certificateFile()
                .flatMap(certificate -> http.keyFile().map(key -> new ProxyOptions.Tls(certificate, key)));
        if (tls.isEmpty() && !Loopback.is(egress.host())) {
            throw new Unusable("the proxy would listen in clear at " + egress.host()
                    + ", which others can reach: set chancery.http.certificate-file and chancery.http.key-file");
        }
        return new ProxyOptions(
                egress.host(),
                egress.port(),
                Loopback.is(egress.host()) ? Optional.empty() : tls,
                egress.maxStrangers(),
                egress.maxTunnels(),
                egress.maxTunnelsAWorkspace(),
                egress.idle(),
                egress.lifetime(),
                port -> {});
    }

    interface Holders {
        @About(
                "`core`: how long after its first failure a system that holds data of subjects is asked again; doubled after each further"
                        + " one, up to an hour.")
        @WithDefault("PT10S")
        Duration firstRetry();

        @About("`core`: how often it is asked until its task is parked.")
        @WithDefault("8")
        int attempts();

        @About("`core`: how long it has to answer.")
        @WithDefault("PT10S")
        Duration timeout();

        @About("`core`: whether a system may be at a loopback address of this machine, which no egress list can name.")
        @WithDefault("false")
        boolean loopback();
    }

    static HolderOptions options(Holders holders) {
        return new HolderOptions(holders.firstRetry(), holders.attempts(), holders.timeout(), holders.loopback());
    }

    interface Leases {
        @About(
                "`core`: networks in CIDR notation, beside the public internet, that databases may be in whose credentials the vault makes,"
                        + " and services that make values for it, e.g. `10.1.0.0/16`: of whatever organisation, and beside its workspace's egress list.")
        Optional<List<String>> networks();

        @About(
                "`core`: PEM file with the certificates that those of databases, and of services that make values, are checked against; beyond the"
                        + " loopback each has to show one. Without it: the Java runtime's.")
        Optional<Path> authoritiesFile();
    }

    static LeaseOptions options(Leases leases) {
        return new LeaseOptions(leases.networks().orElse(List.of()), leases.authoritiesFile());
    }

    /** How many calls callers may make: `60/min burst 10` with `s`, `min` or `h`, or `none`. */
    interface CallLimits {
        @About(
                "Reads of one user. A limit is `RATE burst SIZE`: a bucket of SIZE calls, and RATE more in each `s`, `min` or"
                        + " `h`; `none` limits nothing. All processes together admit that.")
        @WithDefault("60/min burst 120")
        Rate personReads();

        @About("Commands of one user.")
        @WithDefault("60/min burst 120")
        Rate personCommands();

        @About("Reads of one service or agent.")
        @WithDefault("12000/min burst 2000")
        Rate serviceReads();

        @About("Commands of one service or agent.")
        @WithDefault("12000/min burst 2000")
        Rate serviceCommands();

        @About("Decisions asked for by one principal, each batch once.")
        @WithDefault("600000/min burst 50000")
        Rate checks();

        @About("Reads and commands of one organisation.")
        @WithDefault("60000/min burst 10000")
        Rate tenant();

        @About("Sign-ins and refreshes of one principal that proved who it is.")
        @WithDefault("600/min burst 200")
        Rate signIns();

        @About("Failed sign-ins under one name.")
        @WithDefault("5/min burst 5")
        Rate signInsByName();

        @About("Failed sign-ins from one address; of IPv6 a /64 counts as one, and the loopback isn't limited.")
        @WithDefault("5/min burst 5")
        Rate signInsByAddress();

        @About("Calls from one address without a token, or with a bad one.")
        @WithDefault("100/min burst 20")
        Rate strangers();

        @About(
                "`core`: denials of one principal that are recorded one by one in a minute; those beyond share one record.")
        @WithDefault("30")
        int deniedRecords();

        Challenge challenge();
    }

    /** What strangers may solve who have used up a limit. */
    interface Challenge {
        @About(
                "What strangers are offered who have used up `sign-ins-by-address`, `sign-ins-by-name` or `strangers`, in the words of the"
                        + " page that shows it, e.g. `turnstile`, `hcaptcha` or `recaptcha`. Without it: nothing, they wait.")
        Optional<String> type();

        @About(
                "Where the provider verifies what was solved, by the protocol siteverify. `https://`, or `http://` on this machine.")
        Optional<URI> verifyUrl();

        @About("The provider's name for this site; callers are told it.")
        Optional<String> siteKey();

        @About(
                "File with the provider's secret for this site, readable by this process's user or group alone. It is read for each request.")
        Optional<Path> secretFile();

        @About("The host of the page on which it has to be solved.")
        Optional<String> hostname();

        @About("How long the provider's answer is waited for, at most `PT4S`.")
        @WithDefault("PT3S")
        Duration timeout();
    }

    /** Notices to people. */
    interface Notices {
        Smtp smtp();

        Webhook webhook();

        @About("`core`: after so many failed attempts a notice is parked.")
        @WithDefault("8")
        int attempts();

        @About(
                "`core`: how long after its first failed attempt a notice is tried again; each further one doubles it, up to an hour.")
        @WithDefault("PT30S")
        Duration firstRetry();
    }

    interface Smtp {
        @About("`core`: the mail server that notices to people go to; without it none go by mail.")
        Optional<String> host();

        @About("`core`: its port.")
        @WithDefault("465")
        int port();

        @About("`core`: how the connection is protected: `tls`, `starttls`, or `none` for a server on this machine.")
        @WithDefault("tls")
        NoticeOptions.Security security();

        @About(
                "`core`: PEM file with the certificates that the mail server's is checked against; without it the system's.")
        Optional<Path> caFile();

        @About("`core`: the user that signs in there; without it nobody does.")
        Optional<String> user();

        @About("`core`: file with that user's password, read at each message.")
        Optional<Path> passwordFile();

        @About("`core`: the address that notices come from.")
        Optional<String> from();
    }

    interface Webhook {
        @About(
                "`core`: where notices to people are posted, signed as Standard Webhooks has it; without it they aren't.")
        Optional<URI> url();

        @About("`core`: file with the key that signs them, in base64, with or without `whsec_`.")
        Optional<Path> secretFile();

        @About("`core`: hosts that the webhook may be at, as patterns of egress lists, with commas between them.")
        Optional<List<String>> allowedHosts();
    }

    /** How notices go out. */
    static NoticeOptions options(Notices notices) {
        Optional<NoticeOptions.Smtp> smtp = notices.smtp().host().map(host -> smtp(host, notices.smtp()));
        Optional<NoticeOptions.Webhook> webhook = notices.webhook()
                .url()
                .map(url -> new NoticeOptions.Webhook(
                        url,
                        notices.webhook()
                                .secretFile()
                                .orElseThrow(() -> new Unusable("set chancery.notices.webhook.secret-file")),
                        notices.webhook().allowedHosts().orElse(List.of())));
        return new NoticeOptions(smtp, webhook, notices.attempts(), notices.firstRetry());
    }

    private static NoticeOptions.Smtp smtp(String host, Smtp smtp) {
        if (smtp.security() == NoticeOptions.Security.NONE && !Loopback.is(host)) {
            throw new Unusable(
                    "mail would go to " + host + " in clear: set chancery.notices.smtp.security to tls or starttls");
        }
        return new NoticeOptions.Smtp(
                host,
                smtp.port(),
                smtp.security(),
                smtp.caFile(),
                smtp.user(),
                smtp.passwordFile(),
                smtp.from().orElseThrow(() -> new Unusable("set chancery.notices.smtp.from")));
    }

    /** A quick start's, of system properties with the names that settings have. */
    static NoticeOptions localNotices() {
        return options(new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withMapping(Notices.class, "chancery.notices")
                .withSources(new SysPropConfigSource())
                .build()
                .getConfigMapping(Notices.class, "chancery.notices"));
    }

    /** What callers may do how often. */
    static LimitOptions options(CallLimits limits) {
        LimitOptions without = Options.filled(LimitOptions.NONE, CallLimits.class, limits);
        return limits.challenge()
                .type()
                .map(type -> without.with(challenge(type, limits.challenge())))
                .orElse(without);
    }

    private static ChallengeOptions challenge(String type, Challenge challenge) {
        URI verifyUrl = needed(challenge.verifyUrl(), "verify-url");
        boolean inClear = "http".equals(verifyUrl.getScheme())
                && verifyUrl.getHost() != null
                && Loopback.isNamed(verifyUrl.getHost());
        if (!inClear && !"https".equals(verifyUrl.getScheme())) {
            throw new Unusable(
                    "the secret would go out in clear: begin chancery.limits.challenge.verify-url with https://");
        }
        Path secretFile = needed(challenge.secretFile(), "secret-file");
        if (SecretFiles.read(secretFile).isBlank()) {
            throw new Unusable("there is no secret in " + secretFile);
        }
        try {
            return new ChallengeOptions(
                    type,
                    verifyUrl,
                    needed(challenge.siteKey(), "site-key"),
                    secretFile,
                    needed(challenge.hostname(), "hostname"),
                    challenge.timeout());
        } catch (IllegalArgumentException e) {
            throw new Unusable("the configuration can't be used: " + e.getMessage());
        }
    }

    private static <T> T needed(Optional<T> setting, String name) {
        return setting.orElseThrow(() -> new Unusable("set chancery.limits.challenge." + name));
    }

    /** The relay's options, for a database of this name. */
    static RelayOptions options(Relay relay, String database) {
        return Options.filled(RelayOptions.defaults(database), Relay.class, relay);
    }

    static ConnectionLimits options(Limits limits) {
        return Options.filled(ConnectionLimits.defaults(), Limits.class, limits);
    }

    static ProjectionOptions options(Projection projection) {
        return Options.filled(ProjectionOptions.defaults(), Projection.class, projection);
    }

    /** Settings as they were read: the typed ones, and all properties as they stand for Quarkus and Kafka. */
    record Read(ChanceryConfig config, SmallRyeConfig properties) {}

    /**
     * Reads files, the later over the earlier.
     *
     * @param overrides win over the files
     * @throws Unusable if a file can't be read, a required setting is missing, one is malformed, or one is unknown
     */
    static Read read(List<Path> files, Map<String, String> overrides) {
        var builder = new SmallRyeConfigBuilder().addDefaultInterceptors().withMapping(ChanceryConfig.class);
        int ordinal = 100;
        for (Path file : files) {
            try {
                builder.withSources(new PropertiesConfigSource(file.toUri().toURL(), ordinal++));
            } catch (IOException e) {
                throw new Unusable("can't read the configuration file " + file + "; name another with --config");
            }
        }
        builder.withSources(new PropertiesConfigSource(overrides, "overrides", ordinal));
        try {
            SmallRyeConfig properties = builder.build();
            return new Read(properties.getConfigMapping(ChanceryConfig.class), properties);
        } catch (ConfigValidationException e) {
            throw new Unusable(
                    "the configuration can't be used: " + e.getProblem(0).getMessage());
        }
    }
}
