package dev.chancery.cli.demo;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.cli.export.LedgerClient;
import dev.chancery.cli.export.TrustFile;
import dev.chancery.schema.identity.v1.DeactivatePrincipalReply;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.rbac.v1.Assignment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** The sixth act: somebody leaves, the lists, the export, the end of the instance, and what lies on the disk. */
final class Closing {
    private static final long CHECKPOINT_WAIT_MILLIS = 30_000;
    private static final long PAUSE_MILLIS = 50;
    private static final int TERMINATED = 128 + 15;

    /** Of the role model: no secret. */
    private static final String OPEN_CAPABILITY = "deployments.apps:update";

    private final Stage stage;
    private final Narrator narrator;
    private final Company company;

    Closing(Stage stage, Narrator narrator, Company company) {
        this.stage = stage;
        this.narrator = narrator;
        this.company = company;
    }

    void play() throws Narrator.StoryEnds, InterruptedException {
        narrator.act("The record of it");
        narrator.step("The deploy agent is deactivated: it may nothing, and signs in no more", this::deactivate);
        narrator.step("The lists: capabilities, roles, and who granted what to whom until when", this::list);
        narrator.step("From Kafka alone, views and ledger are built a second time: they are the same", this::replay);
        narrator.step("The signed checkpoint covers it all, and the log is exported", this::export);
        narrator.step("The instance stops as asked, and leaves no process behind", this::stop);
        narrator.step(
                "Of all these people, nothing in clear lies on the disk: not a name, an address or a reason", () -> {
                    search();
                });
    }

    private void deactivate() throws Refused, IOException, NotAsTold {
        Actor administrator = company.administrator();
        Actor agent = company.agent();
        Expect.equal(
                "before",
                "allowed, granted by edit",
                administrator
                        .evaluate(agent.id(), OPEN_CAPABILITY, company.production())
                        .text());
        administrator.overGrpc(
                DeactivatePrincipalReply.class,
                "IdentityService/DeactivatePrincipal",
                DeactivatePrincipalRequest.newBuilder()
                        .setPrincipalId(agent.id())
                        .setReason(Cast.LEAVING_REASON)
                        .build());
        Expect.equal(
                "after",
                "denied, inactive-principal",
                administrator
                        .evaluate(agent.id(), OPEN_CAPABILITY, company.production())
                        .text());
        Expect.refused("signing in", "oauth.invalid_client", () -> new Actor(stage, agent.key(), new Seen()).token());
    }

    private void list() throws Refused, IOException, NotAsTold {
        Lists lists = new Lists(company.administrator());
        long own =
                lists.capabilities().stream().filter(one -> !one.getBuiltIn()).count();
        Expect.equal("capabilities", (long) company.model().capabilities().size(), own);
        Expect.equal("roles", company.model().roles().keySet(), lists.ownRoles());
        List<Assignment> assignments = lists.assignments();
        Assignment operators = find(assignments, company.operatorsGrant());
        Expect.that("the operator's grant is marked revoked", operators.getRevokedAtMillis() > 0);
        Expect.equal("who granted it", company.administrator().id(), operators.getGranterId());
        Expect.equal(
                "the developer's grant is not",
                0L,
                find(assignments, company.developersGrant()).getRevokedAtMillis());
        narrator.besides(own + " capabilities, " + company.model().roles().size() + " roles, " + assignments.size()
                + " assignments");
    }

    private static Assignment find(List<Assignment> assignments, String id) throws NotAsTold {
        return assignments.stream()
                .filter(one -> one.getAssignmentId().equals(id))
                .findFirst()
                .orElseThrow(() -> new NotAsTold("the list of assignments", "has " + id, "does not"));
    }

    private void replay() throws IOException, InterruptedException {
        narrator.besides(stage.server()
                .beside(
                        stage.replayLog(),
                        "replay",
                        "--check",
                        "--data",
                        stage.data().toString()));
    }

    private void export() throws Refused, IOException, NotAsTold, InterruptedException {
        var ledger = new LedgerClient(stage.rest(), company.administrator().signIn());
        long needed = Seen.number(company.seen().newest()) + 1;
        long deadline = System.currentTimeMillis() + CHECKPOINT_WAIT_MILLIS;
        while (ledger.size() < needed) {
            if (System.currentTimeMillis() > deadline) {
                throw new NotAsTold("a checkpoint", "of at least " + needed, "of " + ledger.size());
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        TrustFile.pin(stage.trust(), ledger.verifierKeys());
        Export export = Export.write(ledger, stage.export());
        Expect.that("everything is in it", export.size() >= needed);
        narrator.besides(export.size() + " records of " + export.origin() + " in " + export.files() + " files");
    }

    private void stop() throws IOException, InterruptedException, NotAsTold {
        int code = stage.server().stop();
        Expect.that("it ends well (exit code " + code + ")", code == 0 || code == TERMINATED);
        Expect.that("no process is left", !stage.server().hasSurvivors());
    }

    /** Everything that was written, by the instance and by the export: each byte of it. */
    private void search() throws IOException, NotAsTold {
        Traces.Result personal = Traces.of(Cast.SECRETS).below(stage.out());
        Expect.equal(
                "personal values in clear",
                List.of(),
                personal.found().stream().map(Traces.Found::place).toList());
        // What must be there, or the search would prove nothing.
        Traces open = Traces.of(List.of(company.developer().id(), OPEN_CAPABILITY));
        for (Path where : List.of(stage.data().resolve("postgres"), stage.data().resolve("kafka"), stage.export())) {
            Set<String> seen = open.below(where).found().stream()
                    .map(found -> found.spelling().value())
                    .collect(Collectors.toSet());
            Expect.equal(
                    "public values in clear in " + where,
                    Set.of(company.developer().id(), OPEN_CAPABILITY),
                    seen);
        }
        narrator.besides("%d values, sought in %d files of %.0f MB: as text, UTF-16, hex and Base64"
                .formatted(Cast.SECRETS.size(), personal.files(), personal.bytes() / 1e6));
        narrator.besides("the same search finds an id and a capability, in PostgreSQL's files, Kafka's and the export");
    }
}
