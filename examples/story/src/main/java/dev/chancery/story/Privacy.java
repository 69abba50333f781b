package dev.chancery.story;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.CompletionProofFile;
import dev.chancery.cli.export.LedgerClient;
import dev.chancery.cli.export.TrustFile;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.consent.v1.DefinePurposeRequest;
import dev.chancery.schema.consent.v1.GrantConsentRequest;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.consent.v1.PublishNoticeRequest;
import dev.chancery.schema.dsar.v1.ExportDataReply;
import dev.chancery.schema.dsar.v1.ExportDataRequest;
import dev.chancery.schema.dsar.v1.GetRequestReply;
import dev.chancery.schema.dsar.v1.GetRequestRequest;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.ReceiveRequestReply;
import dev.chancery.schema.dsar.v1.ReceiveRequestRequest;
import dev.chancery.schema.dsar.v1.RegisterHolderReply;
import dev.chancery.schema.dsar.v1.RegisterHolderRequest;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestState;
import dev.chancery.schema.dsar.v1.TaskResult;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceReply;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.retention.v1.ClearHoldRequest;
import dev.chancery.schema.retention.v1.SetHoldReply;
import dev.chancery.schema.retention.v1.SetHoldRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.lang.JoseException;

/** The story of a subject's data: consent, a copy, a hold, an erasure that waits for its end, a proof, and a restore that brings nobody back. */
final class Privacy {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long PAUSE_MILLIS = 100;
    private static final int POINT_BYTES = 65;
    private static final String NAME = "Sue Harker";
    private static final String NOTE = "Sue likes tea";

    private final Story story;
    private final Steps steps;
    private final Caller administrator;
    private final Path system;
    private final KeyPair pair = pair();

    Privacy(Story story, Caller administrator) {
        this.story = story;
        this.steps = story.steps();
        this.administrator = administrator;
        this.system = story.directory().resolve("crm");
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("Consent");
        Caller sue = steps.get("Sue becomes a customer, with a key of her own", this::subject);
        steps.run("She reads what her data is used for, and consents", () -> consent(sue));
        steps.run("A second system keeps notes about customers, and is registered", () -> register(sue));

        steps.chapter("A copy");
        String access = steps.get(
                "Sue asks for a copy: the law gives us until a date",
                () -> ask(sue, RequestKind.REQUEST_KIND_ACCESS, ByteString.copyFrom(point())));
        steps.run(
                "The system is asked by itself, and answers",
                () -> await(
                        sue,
                        access,
                        found -> found.getTasksCount() == 1
                                && found.getTasks(0).getResult() == TaskResult.TASK_RESULT_DONE));
        steps.run("The copy opens with Sue's key alone: her name, her consent, the note", () -> copy(access));

        var restoration = new Restoration(story, administrator);
        steps.run("The instance is backed up, with all that there is of Sue", restoration::backUp);

        steps.chapter("A hold, and an erasure that waits for its end");
        String hold = steps.get("A court needs Sue's data: it is held", () -> hold(sue));
        String erasure =
                steps.get("Sue asks to be erased", () -> ask(sue, RequestKind.REQUEST_KIND_ERASURE, ByteString.EMPTY));
        steps.run("It is withheld, and Sue is told why and to whom she can complain", () -> {
            GetRequestReply withheld =
                    await(sue, erasure, found -> found.getRequest().getState() == RequestState.REQUEST_STATE_WITHHELD);
            Expect.equal("the hold", List.of(hold), withheld.getHoldIdsList());
            Expect.that("the system still has her note", Files.exists(note(sue)));
            withheld.getNotice().lines().filter(line -> !line.isEmpty()).forEach(steps::note);
        });
        steps.run(
                "The court is done: the hold is cleared, and nobody asks again",
                () -> administrator.rest(ClearHoldRequest.newBuilder()
                        .setPrincipalId(sue.id())
                        .setHoldId(hold)
                        .setReason("The case is closed.")));
        steps.run("Her keys are destroyed, and the system has erased and answers nothing", () -> {
            await(
                    administrator,
                    erasure,
                    found -> found.getRequest().getState() == RequestState.REQUEST_STATE_COMPLETED);
            Expect.that("the system's note is gone", !Files.exists(note(sue)));
        });
        steps.run("Everybody's keys are copied, of whom hers are none", restoration::copyKeys);

        steps.chapter("The proof");
        steps.run("It is written, with the keys that verify it", () -> proof(erasure));
        steps.run("It verifies without the instance, and says what it does not prove", () -> {
            story.server().stop();
            String said = verify(story.proof(), 0);
            said.lines()
                    .filter(line -> line.startsWith("systems")
                            || line.startsWith("keys")
                            || line.startsWith("holds")
                            || line.startsWith("unproven"))
                    .forEach(steps::note);
        });
        steps.run("With another word in it, it doesn't", this::forge);

        restoration.run(sue, NAME, erasure);
    }

    private static KeyPair pair() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK 25 has P-256", e);
        }
    }

    private byte[] point() {
        byte[] encoded = pair.getPublic().getEncoded();
        return Arrays.copyOfRange(encoded, encoded.length - POINT_BYTES, encoded.length);
    }

    private Caller subject() throws Refused, IOException {
        administrator.rest(DefineRoleRequest.newBuilder()
                .setRole("customer")
                .addAllCapabilities(List.of("consent:grant", "consent:read", "dsar:request", "dsar:read")));
        ClientKey key = ClientKey.generate("unclaimed");
        var reply = (CreatePrincipalReply) administrator.rest(CreatePrincipalRequest.newBuilder()
                .setType(PrincipalType.USER)
                .setDisplayName(NAME)
                .setPublicKey(ByteString.copyFrom(key.publicKey())));
        var sue = new Caller(story.connection(), key.withClientId(reply.getClientId()), new NewestPosition());
        administrator.rest(
                AssignRoleRequest.newBuilder().setPrincipalId(sue.id()).setRole("customer"));
        return sue;
    }

    private void consent(Caller sue) throws Refused, IOException {
        administrator.rest(DefinePurposeRequest.newBuilder()
                .setPurpose("support")
                .setDescription("Answer your questions.")
                .setLegalBasis(LegalBasis.LEGAL_BASIS_CONSENT)
                .addScopes("note:read"));
        administrator.rest(PublishNoticeRequest.newBuilder()
                .setPurpose("support")
                .setUri("https://kestrel.example/notices/support")
                .setLanguage("en")
                .setTextSha256(ByteString.copyFrom(new byte[32]))
                .addRecipients("crm")
                .addDataCategories("notes"));
        sue.rest(GrantConsentRequest.newBuilder()
                .setPurpose("support")
                .setResource("note")
                .setAction("read")
                .setRecipient("crm")
                .setNoticeVersion(1));
    }

    private Path note(Caller sue) {
        return system.resolve(sue.id() + ".json");
    }

    private void register(Caller sue) throws Refused, IOException {
        Files.createDirectories(system);
        Files.writeString(note(sue), "{\"notes\":[\"" + NOTE + "\"]}");
        Path secret = Files.createFile(
                story.directory().resolve("crm.secret"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        int port = story.startHolder(system, secret);
        var workspace = (CreateWorkspaceReply)
                administrator.rest(CreateWorkspaceRequest.newBuilder().setName("Support"));
        var reply = (RegisterHolderReply) administrator.rest(RegisterHolderRequest.newBuilder()
                .setHolder("crm")
                .setUrl("http://127.0.0.1:" + port + "/dsar")
                .setWorkspaceId(workspace.getWorkspaceId())
                .addActions(HolderAction.HOLDER_ACTION_EXPORT)
                .addActions(HolderAction.HOLDER_ACTION_ERASE)
                .setPurpose("support")
                .setRetentionDays(365));
        Files.writeString(secret, reply.getSecret());
    }

    private String ask(Caller sue, RequestKind kind, ByteString key) throws Refused, IOException {
        var reply = (ReceiveRequestReply) sue.rest(ReceiveRequestRequest.newBuilder()
                .setKind(kind)
                .setRegime("gdpr")
                .setTimeZone("Europe/Vienna")
                .setExportKey(key));
        steps.note("request " + reply.getRequestId() + ", to be answered before "
                + Instant.ofEpochMilli(reply.getDueAtMillis()));
        return reply.getRequestId();
    }

    private static GetRequestReply await(Caller caller, String request, Predicate<GetRequestReply> until)
            throws Refused, IOException, Unexpected, InterruptedException {
        long begun = System.nanoTime();
        while (true) {
            Message reply = caller.rest(GetRequestRequest.newBuilder().setRequestId(request));
            if (reply instanceof GetRequestReply found && until.test(found)) {
                return found;
            }
            if (System.nanoTime() - begun > LIMIT.toNanos()) {
                throw new Unexpected("the request", "another state", reply.toString());
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    private void copy(String request) throws Refused, IOException, Unexpected {
        var reply = (ExportDataReply) administrator.rest(
                ExportDataRequest.newBuilder().setRequestId(request).setReason("Sue asked for it."));
        var jwe = new JsonWebEncryption();
        jwe.setKey(pair.getPrivate());
        try {
            jwe.setCompactSerialization(reply.getJwe());
            String copy = jwe.getPayload();
            for (String part :
                    List.of(NAME, NOTE, "chancery.consent.v1.ConsentGranted", "\"retention\":\"365 days\"")) {
                Expect.that("it has " + part, copy.contains(part));
            }
        } catch (JoseException e) {
            throw new Unexpected("the copy", "opens with Sue's key", String.valueOf(e.getMessage()));
        }
    }

    private String hold(Caller sue) throws Refused, IOException {
        var reply = (SetHoldReply) administrator.rest(SetHoldRequest.newBuilder()
                .setPrincipalId(sue.id())
                .setMatter("Case-7/26")
                .setReviewMillis(Instant.now().plus(Duration.ofDays(90)).toEpochMilli())
                .setReason("Evidence in a case about an invoice."));
        return reply.getHoldId();
    }

    private void proof(String request) throws Refused, IOException, InterruptedException {
        CompletionProofFile.write(story.connection().rest(), administrator.signIn(), request, story.proof());
        TrustFile.pin(
                story.trust(), new LedgerClient(story.connection().rest(), administrator.signIn()).verifierKeys());
    }

    private String verify(Path proof, int expected) throws Unexpected {
        var said = new ByteArrayOutputStream();
        var out = new PrintStream(said, true, UTF_8);
        int code = dev.chancery.auditor.Main.run(
                new String[] {"dsar", proof.toString(), "--trust", story.trust().toString()}, out, out);
        Expect.equal("the exit code of " + said.toString(UTF_8), expected, code);
        return said.toString(UTF_8);
    }

    private void forge() throws IOException, Unexpected {
        Path forged = story.directory().resolve("forged.json");
        Files.writeString(forged, Files.readString(story.proof()).replaceFirst("\"payload\":\"e", "\"payload\":\"f"));
        verify(forged, 1);
        Files.delete(forged);
    }
}
