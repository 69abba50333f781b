package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "erasure",
        description = "Checks erasure certificates, offline.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class ErasureCommand {}
