package dev.chancery.keyring;

import dev.chancery.keyring.VerifierKeys.OfSource;
import dev.chancery.schema.log.v1.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a source of this installation has signed from whatever else says that it is a record.
 *
 * <p>A source's key is committed before anything is signed with it, and a record before it is sent. So keys that were read after a
 * message had arrived suffice to judge it; they are read again at most once for the messages that arrived together.
 *
 * <p>Who has stolen a key signs what it likes, with any time in it. So once a key is withdrawn, its signature says nothing about a record
 * that is not committed: {@link By#WITHDRAWN}. That a key was withdrawn is known here {@link #KNOWN_FOR} later at most, by the messages that arrive then.
 *
 * <p><b>Thread safety:</b> for one thread.
 */
public final class SourceSignatures {
    /** How old what is known of keys may be when messages arrive. */
    public static final Duration KNOWN_FOR = Duration.ofSeconds(1);

    private final VerifierKeys stored;
    private final EntryVerifier verifier = new EntryVerifier();
    private Map<Source, OfSource> keys = Map.of();
    private boolean current;
    private long readAtNanos;

    private record Source(String name, int keyId) {}

    /** Whose signature an entry has. */
    public enum By {
        SOURCE,
        /** A key that was a source's: the record is one only if it is committed. */
        WITHDRAWN,
        NOBODY
    }

    public SourceSignatures(VerifierKeys stored) {
        this.stored = stored;
    }

    /** Messages have arrived: keys that were read before may lack one of theirs. */
    public void arrived() {
        current = false;
        if (System.nanoTime() - readAtNanos > KNOWN_FOR.toNanos()) {
            keys = Map.of();
        }
    }

    /** Whether the source that the statement names has signed the entry that the statement was read from, by a key that counts. */
    public boolean signed(byte[] entry, Statement statement) {
        return by(entry, statement) == By.SOURCE;
    }

    /** Whether, and by which kind of key, the source that the statement names has signed the entry that the statement was read from. */
    public By by(byte[] entry, Statement statement) {
        String origin = statement.getOrigin();
        String instance = origin.substring(0, Math.max(0, origin.indexOf('/')));
        OfSource source =
                key(new Source(instance + VerifierKeys.SOURCE + statement.getFeature(), statement.getSourceKey()));
        if (source == null || !verifier.verify(entry, source.key())) {
            return By.NOBODY;
        }
        return source.withdrawn() ? By.WITHDRAWN : By.SOURCE;
    }

    private @Nullable OfSource key(Source source) {
        OfSource key = keys.get(source);
        if (key == null && !current) {
            readAtNanos = System.nanoTime();
            keys = stored.ofSources().stream()
                    .collect(Collectors.toMap(
                            known -> new Source(known.key().name(), known.key().keyId()), Function.identity()));
            current = true;
            key = keys.get(source);
        }
        return key;
    }
}
