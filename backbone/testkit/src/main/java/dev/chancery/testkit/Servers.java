package dev.chancery.testkit;

/** Where the tests' servers come from: this machine's embedded ones, or containers with {@code -Pcontainers}. */
interface Servers {
    /** Starts a PostgreSQL, set up as docs/reference/postgresql.md asks. */
    TestPostgres postgres();

    /** Starts a Kafka that creates no topic by itself. */
    TestKafka kafka();

    static Servers chosen() {
        String kind = System.getProperty("chancery.servers", "embedded");
        return switch (kind) {
            case "embedded" -> new EmbeddedServers();
            case "containers" -> new ContainerServers();
            default -> throw new IllegalArgumentException("chancery.servers is embedded or containers, not " + kind);
        };
    }
}
