package dev.chancery.story;

import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.schema.dsar.v1.GetRequestReply;
import dev.chancery.schema.dsar.v1.GetRequestRequest;
import dev.chancery.schema.dsar.v1.RequestState;
import dev.chancery.schema.identity.v1.ListedPrincipal;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The end of the story of a subject's data: a backup from before the erasure, the loss of the instance, and what a restore brings back. */
final class Restoration {
    private static final Pattern RECIPIENT = Pattern.compile("age1[a-z0-9]+");

    private final Story story;
    private final Steps steps;
    private final Caller administrator;
    private String recipient = "";

    Restoration(Story story, Caller administrator) {
        this.story = story;
        this.steps = story.steps();
        this.administrator = administrator;
    }

    private Path file(String name) {
        return story.directory().resolve(name);
    }

    private String command(String name, String... arguments) throws IOException, InterruptedException {
        var all = new ArrayList<>(List.of(name));
        all.addAll(List.of(arguments));
        return story.server().run(file(name + ".log"), all.toArray(String[]::new));
    }

    /** While Sue's data is there. */
    void backUp() throws IOException, InterruptedException, Unexpected {
        String said = command("backup", "--new-identity", file("identity.txt").toString());
        Matcher found = RECIPIENT.matcher(said);
        Expect.that("it says the public half: " + said, found.find());
        recipient = found.group();
        steps.note(command(
                "backup",
                "--data",
                story.data().toString(),
                "--to",
                file("backup.age").toString(),
                "--recipient",
                recipient));
    }

    /** After the erasure: without its newer keys the backup opens nothing any more, and with them not hers. */
    void copyKeys() throws IOException, InterruptedException {
        steps.note(command(
                "backup",
                "--only-keys",
                "--data",
                story.data().toString(),
                "--to",
                file("keys.age").toString(),
                "--recipient",
                recipient));
    }

    /** On a stopped instance. */
    void run(Caller sue, String name, String erasure) throws Steps.Failed, InterruptedException {
        steps.chapter("A restore, from before the erasure");
        steps.run("The instance's directory is lost: a backup, the keys and the log on Kafka are left", () -> {
            Files.move(story.data(), file("lost"));
        });
        steps.run("A restore brings back what was, and what happened since", this::restore);
        steps.run("It starts, and goes on", () -> {
            Instance before = story.connection().instance();
            Instance after = story.server().start(URI.create(before.http()).getPort());
            Expect.equal("where it is", before.http(), after.http());
        });
        steps.run("Restored, still gone: everybody is there, and nobody can read who Sue was", () -> {
            gone(sue, name);
            var request = (GetRequestReply)
                    administrator.rest(GetRequestRequest.newBuilder().setRequestId(erasure));
            Expect.equal(
                    "her request",
                    RequestState.REQUEST_STATE_COMPLETED,
                    request.getRequest().getState());
        });
    }

    private void restore() throws IOException, InterruptedException {
        steps.note(command(
                "restore",
                "--from",
                file("backup.age").toString(),
                "--identity",
                file("identity.txt").toString(),
                "--key-file",
                file("data.sealer").toString(),
                "--keys",
                file("keys.age").toString(),
                "--data",
                story.data().toString(),
                "--log-from",
                file("lost").toString()));
    }

    private void gone(Caller sue, String name) throws Refused, IOException, Unexpected {
        List<ListedPrincipal> people = new Lists(administrator).principals();
        Expect.that("Sue's entry is there", people.stream().anyMatch(one -> one.getPrincipalId()
                .equals(sue.id())));
        Expect.that("nobody is called " + name, people.stream().noneMatch(one -> one.getDisplayName()
                .contains(name)));
        Expect.that(
                "the administrator has a name",
                people.stream()
                        .anyMatch(one -> one.getPrincipalId().equals(administrator.id())
                                && !one.getDisplayName().isEmpty()));
    }
}
