package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "consent",
        description = "Checks consent receipts, offline.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class ConsentCommand {}
