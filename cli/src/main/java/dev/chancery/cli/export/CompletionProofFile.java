package dev.chancery.cli.export;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.schema.dsar.v1.GetCompletionProofReply;
import dev.chancery.schema.dsar.v1.GetCompletionProofRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;

/** The proof of what was done about a subject's request, as docs/reference/formats.md has it. */
public final class CompletionProofFile {
    private CompletionProofFile() {}

    /**
     * Writes it where there is no file yet; waits at most ten seconds for a checkpoint that covers the record.
     *
     * @throws Refused if the request isn't completed, or isn't the caller's to see
     */
    public static void write(RestTransport rest, SignIn signIn, String request, Path file)
            throws IOException, Refused, InterruptedException {
        var proofs = new InclusionProofs(rest, signIn);
        var completion = (GetCompletionProofReply) rest.call(
                        InclusionProofs.method("chancery.dsar.v1.DsarService/GetCompletionProof"),
                        GetCompletionProofRequest.newBuilder()
                                .setRequestId(request)
                                .build(),
                        proofs.headers())
                .message();
        String inclusion = proofs.of(new TreeMap<>(Map.of(completion.getPosition(), completion.getEntry())))
                .values()
                .iterator()
                .next();
        Files.writeString(file, json(completion, inclusion) + "\n", StandardOpenOption.CREATE_NEW);
    }

    /** Canonical (RFC 8785), as the envelope is: its members come after ours, and of what is in ours, newlines alone are escaped. */
    private static String json(GetCompletionProofReply completion, String inclusion) {
        return "{\"completed\":\""
                + Base64.getEncoder().encodeToString(completion.getCompleted().toByteArray())
                + "\",\"inclusion\":\"" + inclusion.replace("\n", "\\n") + "\","
                + completion.getEnvelope().substring(1);
    }
}
