package dev.chancery.keyring;

import dev.chancery.schema.log.v1.Statement;
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
 * <p><b>Thread safety:</b> for one thread.
 */
public final class SourceSignatures {
    private final VerifierKeys stored;
    private final EntryVerifier verifier = new EntryVerifier();
    private Map<Source, VerifierKey> keys = Map.of();
    private boolean current;

    private record Source(String name, int keyId) {}

    public SourceSignatures(VerifierKeys stored) {
        this.stored = stored;
    }

    /** Messages have arrived: keys that were read before may lack one of theirs. */
    public void arrived() {
        current = false;
    }

    /** Whether the source that the statement names has signed the entry that the statement was read from. */
    public boolean signed(byte[] entry, Statement statement) {
        String origin = statement.getOrigin();
        String instance = origin.substring(0, Math.max(0, origin.indexOf('/')));
        VerifierKey key =
                key(new Source(instance + VerifierKeys.SOURCE + statement.getFeature(), statement.getSourceKey()));
        return key != null && verifier.verify(entry, key);
    }

    private @Nullable VerifierKey key(Source source) {
        VerifierKey key = keys.get(source);
        if (key == null && !current) {
            keys = stored.ofSources().stream()
                    .collect(Collectors.toMap(known -> new Source(known.name(), known.keyId()), Function.identity()));
            current = true;
            key = keys.get(source);
        }
        return key;
    }
}
