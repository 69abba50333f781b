package dev.chancery.testkit;

/** The Kafka behind the tests, wherever it runs. */
public interface TestKafka extends AutoCloseable {
    String bootstrapServers();

    @Override
    void close();
}
