package dev.chancery.cli.export;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.schema.retention.v1.CertifiedRecord;
import dev.chancery.schema.retention.v1.GetErasureCertificateReply;
import dev.chancery.schema.retention.v1.GetErasureCertificateRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.stream.Collectors;

/** A subject's erasure certificate with the records that it names and their proofs, as docs/reference/formats.md has it. */
public final class ErasureProofFile {
    private ErasureProofFile() {}

    /**
     * Writes it where there is no file yet; waits at most ten seconds for a checkpoint that covers the records.
     *
     * @throws Refused if nothing of the subject was erased, or the ledger has no checkpoint over the records yet
     */
    public static void write(RestTransport rest, SignIn signIn, String subject, Path file)
            throws IOException, Refused, InterruptedException {
        var proofs = new InclusionProofs(rest, signIn);
        var reply = (GetErasureCertificateReply) rest.call(
                        InclusionProofs.method("chancery.retention.v1.RetentionService/GetErasureCertificate"),
                        GetErasureCertificateRequest.newBuilder()
                                .setPrincipalId(subject)
                                .build(),
                        proofs.headers())
                .message();
        Map<Long, String> inclusions = proofs.of(reply.getRecordsList().stream()
                .collect(Collectors.toMap(
                        CertifiedRecord::getPosition, CertifiedRecord::getEntry, (one, other) -> one, TreeMap::new)));
        String records = reply.getRecordsList().stream()
                .map(record -> record(record, inclusions))
                .collect(Collectors.joining(",", "\"records\":[", "],"));
        // Canonical (RFC 8785): the envelope's members are payload, payloadType and signatures, in base64 all of them.
        String json = reply.getCertificate().replaceFirst("\"signatures\":", Matcher.quoteReplacement(records) + "$0");
        Files.writeString(file, json + "\n", StandardOpenOption.CREATE_NEW);
    }

    private static String record(CertifiedRecord record, Map<Long, String> inclusions) {
        return record.getEventsList().stream()
                        .map(ErasureProofFile::base64)
                        .collect(Collectors.joining("\",\"", "{\"events\":[\"", "\"],"))
                + "\"inclusion\":\""
                + inclusions.getOrDefault(record.getPosition(), "").replace("\n", "\\n") + "\"}";
    }

    private static String base64(ByteString bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
