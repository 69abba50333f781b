package dev.chancery.cli.export;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.Headers;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.dsar.v1.GetCompletionProofReply;
import dev.chancery.schema.dsar.v1.GetCompletionProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofReply;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.Map;

/** The proof of what was done about a subject's request, as docs/reference/formats.md has it. */
public final class CompletionProofFile {
    /** A checkpoint follows a record within a second where nothing is wrong. */
    private static final int TRIES = 20;

    private static final long PAUSE_MILLIS = 500;
    private static final String NOT_THERE_YET = "ledger.no-such-position";

    private CompletionProofFile() {}

    /**
     * Writes it where there is no file yet; waits at most ten seconds for a checkpoint that covers the record.
     *
     * @throws Refused if the request isn't completed, or isn't the caller's to see
     */
    public static void write(RestTransport rest, SignIn signIn, String request, Path file)
            throws IOException, Refused, InterruptedException {
        Map<String, String> headers = Map.of(Headers.AUTHORIZATION, "Bearer " + signIn.token());
        var completion = (GetCompletionProofReply) rest.call(
                        method("chancery.dsar.v1.DsarService/GetCompletionProof"),
                        GetCompletionProofRequest.newBuilder()
                                .setRequestId(request)
                                .build(),
                        headers)
                .message();
        String inclusion = withEntry(inclusion(rest, completion.getPosition(), headers), completion.getEntry());
        Files.writeString(file, json(completion, inclusion) + "\n", StandardOpenOption.CREATE_NEW);
    }

    private static String inclusion(RestTransport rest, long position, Map<String, String> headers)
            throws IOException, Refused, InterruptedException {
        var wanted = GetInclusionProofRequest.newBuilder().setPosition(position).build();
        for (int tries = 1; ; tries++) {
            try {
                var reply = (GetInclusionProofReply)
                        rest.call(method("chancery.ledger.v1.LedgerService/GetInclusionProof"), wanted, headers)
                                .message();
                return reply.getProof();
            } catch (Refused e) {
                if (tries == TRIES || !e.code().equals(NOT_THERE_YET)) {
                    throw e;
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    /** The ledger leaves the entry out for those who may not read any record; who may read the request has it from there. */
    private static String withEntry(String inclusion, ByteString entry) {
        return inclusion.contains("\nextra ")
                ? inclusion
                : inclusion.replaceFirst(
                        "\n", "\nextra " + Base64.getEncoder().encodeToString(entry.toByteArray()) + "\n");
    }

    /** Canonical (RFC 8785), as the envelope is: its members come after ours, and of what is in ours, newlines alone are escaped. */
    private static String json(GetCompletionProofReply completion, String inclusion) {
        return "{\"completed\":\""
                + Base64.getEncoder().encodeToString(completion.getCompleted().toByteArray())
                + "\",\"inclusion\":\"" + inclusion.replace("\n", "\\n") + "\","
                + completion.getEnvelope().substring(1);
    }

    private static ContractMethod method(String fullName) {
        return Contract.load().methods().stream()
                .filter(method -> method.fullName().equals(fullName))
                .findFirst()
                .orElseThrow();
    }
}
