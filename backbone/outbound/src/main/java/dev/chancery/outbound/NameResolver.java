package dev.chancery.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** From a name to all of its addresses, once for each connection. */
@FunctionalInterface
public interface NameResolver {
    /**
     * @param name in ASCII, without a dot at its end
     * @throws UnknownHostException if there is none, or no answer in time
     */
    List<InetAddress> resolve(String name) throws UnknownHostException;

    /**
     * The system's. A lookup keeps a thread of the system busy, so they have threads of their own.
     *
     * <p><b>Limits:</b> {@value #MAX_LOOKUPS} at a time and {@value #MAX_WAITING} that wait, each {@link #LIMIT}.
     */
    final class OfTheSystem implements NameResolver, AutoCloseable {
        static final int MAX_LOOKUPS = 64;
        static final int MAX_WAITING = 512;
        static final Duration LIMIT = Duration.ofSeconds(5);

        private final NameResolver system;
        private final Duration limit;
        private final ThreadPoolExecutor lookups = new ThreadPoolExecutor(
                MAX_LOOKUPS,
                MAX_LOOKUPS,
                1,
                TimeUnit.MINUTES,
                new LinkedBlockingQueue<>(MAX_WAITING),
                Thread.ofPlatform().daemon().name("names-", 0).factory());

        public OfTheSystem() {
            // The dot keeps the system from trying the name below domains of its own.
            this(name -> List.of(InetAddress.getAllByName(name + ".")), LIMIT);
        }

        OfTheSystem(NameResolver system, Duration limit) {
            this.system = system;
            this.limit = limit;
            lookups.allowCoreThreadTimeOut(true);
        }

        @Override
        public List<InetAddress> resolve(String name) throws UnknownHostException {
            try {
                Future<List<InetAddress>> answer = lookups.submit(() -> system.resolve(name));
                try {
                    return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
                } finally {
                    answer.cancel(true);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
                // Said below: whichever it is, the name leads nowhere now.
            }
            throw new UnknownHostException(name);
        }

        @Override
        public void close() {
            lookups.shutdownNow();
        }
    }
}
