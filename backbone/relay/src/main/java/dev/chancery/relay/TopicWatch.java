package dev.chancery.relay;

import dev.chancery.database.Database;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.kafka.Topics;
import dev.chancery.log.StoppedLogs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.TopicDescription;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Looks now and then whether the log's topic is still the one that the log went to, and still whole from its beginning. */
final class TopicWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TopicWatch.class);
    private static final Duration PAUSE = Duration.ofSeconds(5);
    private static final String REPAIR = ": stop everything and run `./chancery repair`";

    private final Database database;
    private final KafkaClients kafka;
    private final RelayOptions options;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread thread =
            Thread.ofPlatform().daemon().name("chancery-relay-watch").unstarted(this::run);
    private volatile @Nullable String complaint;
    private volatile @Nullable String deleted;
    private volatile int stoppedLogs;

    TopicWatch(Database database, KafkaClients kafka, RelayOptions options) {
        this.database = database;
        this.kafka = kafka;
        this.options = options;
    }

    void start() {
        thread.start();
    }

    /** What is wrong with the topic, as of the last look. */
    Optional<String> complaint() {
        return Optional.ofNullable(complaint);
    }

    private void run() {
        try (var topics = kafka.topics()) {
            do {
                look(topics);
            } while (!closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What an operator should look at, as of the last look, though the relay goes on. */
    List<String> warnings() {
        var warnings = new ArrayList<String>();
        Optional.ofNullable(deleted).ifPresent(warnings::add);
        int stopped = stoppedLogs;
        if (stopped > 0) {
            warnings.add("logs stopped by a fork: " + stopped + REPAIR);
        }
        return warnings;
    }

    private void look(Topics topics) {
        try {
            stoppedLogs = StoppedLogs.tenants(database).size();
            Optional<String> knownId = Topic.knownId(database, options.topic());
            if (knownId.isPresent()) {
                complaint = told(complaint, missing(topics, knownId.get()));
                deleted = complaint == null ? told(deleted, deleted(topics)) : null;
            }
        } catch (RuntimeException e) {
            // Kafka or PostgreSQL doesn't answer: the relay's own health says so.
            LOG.debugf(e, "relay: topic not looked at");
        }
    }

    private static @Nullable String told(@Nullable String before, @Nullable String now) {
        if (now != null && !now.equals(before)) {
            LOG.errorf("relay: %s", now);
        }
        return now;
    }

    private @Nullable String missing(Topics topics, String knownId) {
        String name = options.topic();
        Optional<TopicDescription> found = topics.find(name);
        if (found.isEmpty()) {
            return "the topic " + name + " is gone" + REPAIR;
        }
        return found.get().topicId().toString().equals(knownId)
                ? null
                : "the topic " + name + " was deleted and created again" + REPAIR;
    }

    private @Nullable String deleted(Topics topics) {
        return topics.firstOffsets(options.topic(), options.partitions()).values().stream()
                        .anyMatch(offset -> offset > 0)
                ? "records were deleted from the topic " + options.topic() + REPAIR
                : null;
    }

    @Override
    public void close() {
        closed.countDown();
        thread.interrupt();
    }
}
