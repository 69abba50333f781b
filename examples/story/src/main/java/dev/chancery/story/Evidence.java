package dev.chancery.story;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.cli.export.LedgerClient;
import dev.chancery.cli.export.TrustFile;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.rbac.v1.Assignment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The eighth chapter: a principal leaves, the lists, replay, the export, the end of the instance, and a search of its files. */
final class Evidence {
    private static final long CHECKPOINT_WAIT_MILLIS = 30_000;
    private static final long PAUSE_MILLIS = 50;
    private static final int TERMINATED = 128 + 15;

    /** Of the role model, so not secret. */
    private static final String PUBLIC_CAPABILITY = "deployments.apps:update";

    private final Story story;
    private final Steps steps;
    private final Company company;
    private final Caller administrator;

    Evidence(Story story, Company company) {
        this.story = story;
        this.steps = story.steps();
        this.company = company;
        this.administrator = company.administrator();
    }

    void run() throws Steps.Failed, InterruptedException {
        steps.chapter("The evidence");
        steps.run("The deploy agent is deactivated: its grants end, and it can't sign in any more", this::deactivate);
        steps.run("The lists: capabilities, roles, and who granted what to whom until when", this::list);
        steps.run(
                "Views and ledger are rebuilt from Kafka alone, and equal the live ones",
                () -> steps.note(story.server()
                        .run(
                                story.directory().resolve("replay.log"),
                                "replay",
                                "--check",
                                "--data",
                                story.data().toString())));
        steps.run("A signed checkpoint covers everything, and the log is exported", this::export);
        steps.run("The instance stops on request, and leaves no process behind", () -> {
            int code = story.server().stop();
            Expect.that("it ends well (exit code " + code + ")", code == 0 || code == TERMINATED);
            Expect.that("no process is left", !story.server().hasSurvivors());
        });
        steps.run("No file holds anybody's name, address or reason in clear", this::search);
    }

    private void deactivate() throws Refused, IOException, Unexpected {
        Caller agent = company.agent();
        Expect.equal("before", "allowed, granted by edit", agentInProduction());
        administrator.grpc(DeactivatePrincipalRequest.newBuilder()
                .setPrincipalId(agent.id())
                .setReason(Cast.LEAVING_REASON));
        Expect.equal("after", "denied, inactive-principal", agentInProduction());
        Expect.refused("signing in", "oauth.invalid_client", () -> new Caller(
                        story.connection(), agent.key(), new NewestPosition())
                .signIn()
                .token());
    }

    private String agentInProduction() throws Refused, IOException {
        return administrator
                .evaluate("agent", company.agent(), PUBLIC_CAPABILITY, company.production())
                .text();
    }

    private void list() throws Refused, IOException, Unexpected {
        Lists lists = new Lists(administrator);
        int own = (int)
                lists.capabilities().stream().filter(one -> !one.getBuiltIn()).count();
        Expect.equal("capabilities", company.model().capabilities().size(), own);
        Expect.equal("roles", company.model().roles().keySet(), lists.ownRoles());
        Map<String, Assignment> assignments = lists.assignments().stream()
                .collect(Collectors.toMap(Assignment::getAssignmentId, Function.identity()));
        Assignment none = Assignment.getDefaultInstance();
        Assignment operators = assignments.getOrDefault(company.operatorsGrant(), none);
        Expect.that("the operator's grant is marked revoked", operators.getRevokedAtMillis() > 0);
        Expect.equal("who granted it", administrator.id(), operators.getGranterId());
        Assignment developers = assignments.getOrDefault(company.developersGrant(), none);
        Expect.equal("who has the developer's", company.developer().id(), developers.getPrincipalId());
        Expect.equal("when it was revoked", 0L, developers.getRevokedAtMillis());
        steps.note(own + " capabilities, " + company.model().roles().size() + " roles, " + assignments.size()
                + " assignments");
    }

    private void export() throws Refused, IOException, Unexpected, InterruptedException {
        var ledger = new LedgerClient(story.connection().rest(), administrator.signIn());
        long needed = company.newest().number() + 1;
        long deadline = System.currentTimeMillis() + CHECKPOINT_WAIT_MILLIS;
        while (ledger.size() < needed) {
            if (System.currentTimeMillis() > deadline) {
                throw new Unexpected("a checkpoint", "of at least " + needed, "of " + ledger.size());
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
        TrustFile.pin(story.trust(), ledger.verifierKeys());
        Export export = Export.write(ledger, story.export());
        Expect.that("everything is in it", export.size() >= needed);
        steps.note(export.size() + " records of " + export.origin() + " in " + export.files() + " files");
    }

    /** Each byte of everything that was written, by the instance and by the export. */
    private void search() throws IOException, Unexpected {
        ClearText.Result personal = ClearText.of(Cast.SECRETS).below(story.directory());
        Expect.equal(
                "personal values in clear",
                List.of(),
                personal.found().stream().map(ClearText.Found::place).toList());
        // These must be there, or the search would prove nothing.
        Set<String> known = Set.of(company.developer().id(), PUBLIC_CAPABILITY);
        ClearText search = ClearText.of(known);
        for (Path where : List.of(story.data().resolve("postgres"), story.data().resolve("kafka"), story.export())) {
            Set<String> found = search.below(where).found().stream()
                    .map(one -> one.spelling().value())
                    .collect(Collectors.toSet());
            Expect.equal("public values in clear in " + where, known, found);
        }
        steps.note(String.format(
                Locale.ROOT,
                "searched for %d values in %d files of %.0f MB: as text, UTF-16, hex and Base64",
                Cast.SECRETS.size(),
                personal.files(),
                personal.bytes() / 1e6));
        steps.note("the same search finds an id and a capability, in PostgreSQL's files, Kafka's and the export");
    }
}
