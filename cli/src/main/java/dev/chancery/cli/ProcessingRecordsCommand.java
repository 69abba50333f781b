package dev.chancery.cli;

import dev.chancery.schema.Contract;
import dev.chancery.schema.consent.v1.ListPurposesReply;
import dev.chancery.schema.consent.v1.ListPurposesRequest;
import dev.chancery.schema.dsar.v1.ListHoldersReply;
import dev.chancery.schema.dsar.v1.ListHoldersRequest;
import java.io.PrintStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints an organisation's records of processing activities. */
@Command(
        name = "processing-records",
        description = {
            "Prints your organisation's records of processing activities (GDPR, article 30) as Markdown.",
            "They say what for, on what ground, which data, who gets it, where it is and for how long.",
            "They are made of purposes, notices, registered systems and the contract. You need purpose:read and holder:read."
        },
        mixinStandardHelpOptions = true)
final class ProcessingRecordsCommand implements Callable<Integer> {
    private final PrintStream out;

    @Mixin
    private SignedIn signedIn = new SignedIn();

    @Option(
            names = "--controller",
            required = true,
            paramLabel = "TEXT",
            description = "Name and contact of who is responsible, and of the data protection officer.")
    private String controller = "";

    ProcessingRecordsCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        return signedIn.call(caller -> {
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
        });
    }
}
