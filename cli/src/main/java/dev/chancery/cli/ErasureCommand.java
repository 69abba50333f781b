package dev.chancery.cli;

import picocli.CommandLine.Command;

@Command(
        name = "erasure",
        description = "Gets erasure certificates with their proofs, and checks them.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class ErasureCommand {}
