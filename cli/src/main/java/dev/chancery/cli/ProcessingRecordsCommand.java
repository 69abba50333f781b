package dev.chancery.cli;

import dev.chancery.cli.client.Caller;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.schema.Contract;
import dev.chancery.schema.consent.v1.ListPurposesReply;
import dev.chancery.schema.consent.v1.ListPurposesRequest;
import dev.chancery.schema.dsar.v1.ListHoldersReply;
import dev.chancery.schema.dsar.v1.ListHoldersRequest;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints an organisation's records of processing activities. */
@Command(
        name = "processing-records",
        description = {
            "Prints your organisation's records of processing activities (GDPR, article 30) as Markdown: what for, by what",
            "ground, which data, who gets it, where it is and for how long.",
            "It is made of purposes, notices, registered systems and the contract. You need purpose:read and holder:read."
        },
        mixinStandardHelpOptions = true)
final class ProcessingRecordsCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private Server server = new Server();

    @Option(names = "--key", required = true, paramLabel = "FILE", description = "Your key.")
    private Path key = Path.of("");

    @Option(
            names = "--controller",
            required = true,
            paramLabel = "TEXT",
            description = "Name and contact of who is responsible, and of the data protection officer.")
    private String controller = "";

    @Option(
            names = "--position",
            paramLabel = "POSITION",
            defaultValue = "",
            description = "It includes the log up to this position.")
    private String position = "";

    ProcessingRecordsCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        Instance instance = server.instance();
        try (var rest = new RestTransport(instance);
                var grpc = new GrpcTransport(instance)) {
            var caller = new Caller(grpc, new SignIn(rest, KeyFile.read(key), Optional.empty()), position);
            var purposes = (ListPurposesReply) caller.call(
                    "chancery.consent.v1.ConsentService/ListPurposes", ListPurposesRequest.getDefaultInstance());
            var holders = (ListHoldersReply)
                    caller.call("chancery.dsar.v1.DsarService/ListHolders", ListHoldersRequest.getDefaultInstance());
            out.print(ProcessingRecords.markdown(
                    controller,
                    Instant.now().truncatedTo(ChronoUnit.SECONDS),
                    purposes.getPurposesList(),
                    holders.getHoldersList(),
                    Contract.load()));
            return 0;
        }
    }
}
