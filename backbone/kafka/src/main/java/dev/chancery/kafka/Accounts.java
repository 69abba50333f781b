package dev.chancery.kafka;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;

/** Who may connect to a Kafka that asks for passwords, and what they may do there. */
public final class Accounts implements AutoCloseable {
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final long VISIBLE_PAUSE_NANOS = 5_000_000;
    /** As few as Kafka takes: the passwords are 256 bits of a key, and nobody guesses them. */
    private static final ScramCredentialInfo SCRAM = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4_096);

    private final Admin admin;

    Accounts(Admin admin) {
        this.admin = admin;
    }

    /** Makes the users that are missing, and makes the access control lists what is wanted: no more, no less. Returns when both hold. */
    public void ensure(Map<String, String> passwords, Collection<AclBinding> wanted) {
        List<UserScramCredentialAlteration> missing = new ArrayList<>();
        Set<String> known = users();
        passwords.forEach((user, password) -> {
            if (!known.contains(user)) {
                missing.add(new UserScramCredentialUpsertion(user, SCRAM, password));
            }
        });
        if (!missing.isEmpty()) {
            KafkaClients.await(admin.alterUserScramCredentials(missing).all(), ANSWER);
        }
        Set<AclBinding> found = lists();
        var superfluous = new HashSet<>(found);
        superfluous.removeAll(wanted);
        if (!superfluous.isEmpty()) {
            KafkaClients.await(
                    admin.deleteAcls(superfluous.stream()
                                    .map(AclBinding::toFilter)
                                    .toList())
                            .all(),
                    ANSWER);
        }
        var lacking = new HashSet<>(wanted);
        lacking.removeAll(found);
        if (!lacking.isEmpty()) {
            KafkaClients.await(admin.createAcls(lacking).all(), ANSWER);
        }
        // What the controller has written, the broker goes by a moment later.
        var goal = new HashSet<>(wanted);
        await(() -> users().containsAll(passwords.keySet()) && lists().equals(goal));
    }

    private Set<String> users() {
        return KafkaClients.await(admin.describeUserScramCredentials().all(), ANSWER)
                .keySet();
    }

    private Set<AclBinding> lists() {
        return new HashSet<>(
                KafkaClients.await(admin.describeAcls(AclBindingFilter.ANY).values(), ANSWER));
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + ANSWER.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new KafkaException("Kafka took its users and access control lists, but doesn't show them");
            }
            LockSupport.parkNanos(VISIBLE_PAUSE_NANOS);
        }
    }

    @Override
    public void close() {
        admin.close();
    }
}
