package dev.chancery.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TenantQueuesTest {
    private final List<String> groups = new CopyOnWriteArrayList<>();
    private final CountDownLatch begun = new CountDownLatch(1);
    /** Each group waits for one. */
    private final Semaphore goOn = new Semaphore(0);

    private final TenantQueues<String, String> lanes = new TenantQueues<>(3, 10, String::length, this::work);
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

    private List<String> work(String tenant, List<String> group) {
        groups.add(tenant + group);
        begun.countDown();
        goOn.acquireUninterruptibly();
        if (group.contains("bad")) {
            throw new IllegalStateException("thrown on purpose");
        }
        return group.stream().map(item -> item + "!").toList();
    }

    @AfterEach
    void end() {
        goOn.release(1_000);
        callers.close();
    }

    @Test
    void whatComesWhileAGroupIsAtWorkGoesTogetherNext() throws Exception {
        Future<String> first = call("t", "a");
        begun.await();
        List<Future<String>> others = calls("t", "b", "c", "d", "e");
        goOn.release(3);

        assertThat(first.get()).isEqualTo("a!");
        assertThat(results(others)).containsExactly("b!", "c!", "d!", "e!");
        assertThat(groups).containsExactly("t[a]", "t[b, c, d]", "t[e]");
    }

    @Test
    void aGroupHoldsNoMoreBytesThanItMayOrOneItem() throws Exception {
        call("t", "a");
        begun.await();
        List<Future<String>> others = calls("t", "123456", "12345", "12345678901", "1");
        goOn.release(5);

        results(others);
        assertThat(groups).containsExactly("t[a]", "t[123456]", "t[12345]", "t[12345678901]", "t[1]");
    }

    @Test
    void oneTenantWaitsForNoOther() throws Exception {
        call("t", "a");
        begun.await();
        call("u", "b");
        while (groups.size() < 2) {
            Thread.onSpinWait();
        }
        assertThat(groups).containsExactly("t[a]", "u[b]");
    }

    @Test
    void aFailureReachesEachOfItsGroupAndTheLaneGoesOn() throws Exception {
        call("t", "a");
        begun.await();
        List<Future<String>> failing = calls("t", "b", "bad", "c");
        Future<String> next = calls("t", "d").getFirst();
        goOn.release(3);

        for (Future<String> one : failing) {
            assertThatThrownBy(one::get).hasRootCauseMessage("thrown on purpose");
        }
        assertThat(next.get()).isEqualTo("d!");
    }

    @Test
    void aFullLaneTakesNoMore() throws Exception {
        call("t", "a");
        begun.await();
        calls("t", "b", "c");

        assertThat(lanes.run("t", "d", 2)).isEmpty();
        assertThat(groups).hasSize(1);
    }

    @Test
    void whatWasTakenIsDoneBeforeItIsClosedAndNothingAfter() throws Exception {
        Future<String> first = call("t", "a");
        begun.await();
        Future<String> second = calls("t", "b").getFirst();
        var closed = CompletableFuture.runAsync(lanes::close, callers);
        while (!lanes.isClosed()) {
            Thread.onSpinWait();
        }
        assertThat(lanes.run("t", "c", 100)).isEqualTo(Optional.empty());
        assertThat(closed).isNotDone();
        goOn.release(2);

        closed.join();
        assertThat(first.get()).isEqualTo("a!");
        assertThat(second.get()).isEqualTo("b!");
        assertThatThrownBy(() -> lanes.run("t", "c")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void fewerResultsThanItemsLeaveNobodyWaiting() {
        var short1 = new TenantQueues<String, String>(3, (tenant, group) -> List.of());
        assertThatThrownBy(() -> short1.run("t", "a")).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private Future<String> call(String tenant, String item) {
        return callers.submit(() -> lanes.run(tenant, item));
    }

    /** One after the other: each waits in its lane before the next comes. */
    private List<Future<String>> calls(String tenant, String... items) {
        List<Future<String>> calls = new ArrayList<>();
        for (String item : items) {
            int before = lanes.waiting(tenant);
            calls.add(call(tenant, item));
            while (lanes.waiting(tenant) == before) {
                Thread.onSpinWait();
            }
        }
        return calls;
    }

    private static List<String> results(List<Future<String>> calls) throws Exception {
        List<String> results = new ArrayList<>();
        for (Future<String> call : calls) {
            results.add(call.get());
        }
        return results;
    }
}
