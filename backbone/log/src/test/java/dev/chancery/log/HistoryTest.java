package dev.chancery.log;

import static dev.chancery.database.DatabaseRole.ACCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.log.AppendResult.Appended;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** Random histories of one tenant, in groups of random size: the log answers what {@link LogModel} answers. */
final class HistoryTest {
    private static final int GROUPS =
            System.getProperty("chancery.rounds", "quick").equals("full") ? 20_000 : 600;
    private static final int MAX_GROUP = 8;

    @Test
    void theLogAnswersAsTheModelDoes() {
        long seed = ThreadLocalRandom.current().nextLong();
        var random = new Random(seed);
        try (var log = TestLog.fresh()) {
            String tenant = log.tenant();
            var model = new LogModel(tenant);
            AppendGroup group = log.group(ACCESS);
            int appended = 0;
            for (int number = 0; number < GROUPS; number++) {
                List<Draft> drafts = new ArrayList<>();
                int size = 1 + random.nextInt(MAX_GROUP);
                for (int i = 0; i < size; i++) {
                    drafts.add(model.randomDraft(random));
                }
                model.passDeadlines(log);
                List<AppendResult> results = group.commit(
                        tenant, drafts.stream().map(PreparedDraft::of).toList());
                for (int i = 0; i < size; i++) {
                    AppendResult expected = model.expect(drafts.get(i), results.get(i));
                    assertThat(described(results.get(i)))
                            .as("seed %d group %d draft %d", seed, number, i)
                            .isEqualTo(described(expected));
                    if (results.get(i) instanceof Appended) {
                        appended++;
                    }
                }
            }
            assertThat(model.position()).isEqualTo(appended);
            assertThat(appended).isGreaterThan(GROUPS);
            assertThat(model.seen()).containsAll(LogModel.ALL_ANSWERS);
            LogCheck.check(log, tenant);
            assertThat(log.openIntents(ACCESS, tenant)).isEqualTo(model.openIntents());
            assertThat(log.query(ACCESS, tenant, "SELECT count(*) FROM log.claim"))
                    .isEqualTo(model.claims());
            assertThat(log.query(
                            ACCESS, tenant, "SELECT count(*) FROM log.receipt WHERE reply IS NULL AND code IS NULL"))
                    .isEqualTo(model.reservations());
        }
    }

    /** Replies are arrays: compared by what is in them. */
    private static String described(AppendResult result) {
        return result instanceof AppendResult.Replayed(long position, byte[] reply, var code)
                ? "Replayed " + position + " " + new String(reply, java.nio.charset.StandardCharsets.UTF_8) + code
                : result.toString();
    }
}
