package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "dsar",
        description = "Gets and checks proofs of what was done about requests of subjects.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class DsarCommand {}
