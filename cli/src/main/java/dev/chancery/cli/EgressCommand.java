package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "egress",
        description = "Asks the egress policy, offline.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class EgressCommand {}
