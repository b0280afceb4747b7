package org.vgg4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds the direction of the dependencies, by reading the sources: {@code cli -> train -> optim ->
 * nn -> tensor <- backend.*}, with data and io beside nn.
 */
class ArchitectureTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("basedir", "."), "src", "main", "java");

  /** The rooms of the GPU engine, which only it may name. */
  private static final String CUDA = "backend.cuda.";

  /** The rooms of the data. */
  private static final String DATA = "data.";

  /** The packages under org.vgg4j, and those that each may name besides itself. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("tensor", Set.of()),
          Map.entry("collective", Set.of("tensor")),
          Map.entry("nn", Set.of("collective", "tensor")),
          Map.entry("optim", Set.of("nn", "tensor")),
          Map.entry("data", Set.of("tensor")),
          Map.entry(DATA + "preprocessing", Set.of("data", "tensor")),
          Map.entry(DATA + "decoding", Set.of("data", DATA + "preprocessing", "tensor")),
          Map.entry(DATA + "sets", Set.of("data", DATA + "decoding", "tensor")),
          Map.entry(DATA + "loading", Set.of("data", DATA + "preprocessing", "tensor")),
          Map.entry("io", Set.of("tensor")),
          Map.entry("gradcheck", Set.of("nn", "optim", "tensor")),
          Map.entry("bundle", Set.of("tensor")),
          Map.entry("model", Set.of("nn", DATA + "preprocessing", DATA + "sets", "io", "tensor")),
          Map.entry(
              "evaluation",
              Set.of("nn", "data", DATA + "preprocessing", DATA + "loading", "tensor")),
          Map.entry("profile", Set.of("tensor")),
          Map.entry(
              "train",
              Set.of(
                  "collective",
                  "evaluation",
                  "model",
                  "nn",
                  "optim",
                  "data",
                  DATA + "preprocessing",
                  DATA + "loading",
                  "io",
                  "tensor")),
          Map.entry(
              "run",
              Set.of(
                  "collective",
                  "profile",
                  "train",
                  "evaluation",
                  "model",
                  "nn",
                  "optim",
                  "data",
                  DATA + "preprocessing",
                  DATA + "loading",
                  DATA + "decoding",
                  DATA + "sets",
                  "io",
                  "tensor",
                  "backend")),
          Map.entry(
              "report",
              Set.of(
                  "run",
                  "train",
                  "evaluation",
                  "model",
                  "nn",
                  "data",
                  DATA + "preprocessing",
                  "io",
                  "tensor")),
          Map.entry("tensorboard", Set.of("train", "io")),
          Map.entry(
              "paper",
              Set.of(
                  "report",
                  "run",
                  "train",
                  "evaluation",
                  "model",
                  "nn",
                  "data",
                  DATA + "preprocessing",
                  "io",
                  "tensor",
                  "backend")),
          Map.entry(
              "cli",
              Set.of(
                  "collective",
                  "paper",
                  "report",
                  "tensorboard",
                  "run",
                  "profile",
                  "train",
                  "evaluation",
                  "model",
                  "nn",
                  "optim",
                  "data",
                  DATA + "preprocessing",
                  DATA + "decoding",
                  DATA + "sets",
                  "io",
                  "gradcheck",
                  "bundle",
                  "tensor",
                  "backend")),
          Map.entry(
              "backend",
              Set.of(
                  "collective", "tensor", "backend.reference", "backend.onednn", "backend.cuda")),
          Map.entry("backend.reference", Set.of("tensor")),
          Map.entry("backend.onednn", Set.of("tensor")),
          Map.entry(
              "backend.cuda",
              Set.of(
                  "tensor",
                  "collective",
                  CUDA + "calls",
                  CUDA + "collective",
                  CUDA + "libraries",
                  CUDA + "kernels",
                  CUDA + "memory",
                  CUDA + "graph",
                  CUDA + "operations")),
          Map.entry(CUDA + "calls", Set.of("tensor")),
          Map.entry(
              CUDA + "collective", Set.of("tensor", "collective", CUDA + "calls", CUDA + "memory")),
          Map.entry(CUDA + "libraries", Set.of("tensor", CUDA + "calls")),
          Map.entry(CUDA + "kernels", Set.of("tensor", CUDA + "calls")),
          Map.entry(CUDA + "memory", Set.of("tensor", CUDA + "calls", CUDA + "kernels")),
          Map.entry(
              CUDA + "operations",
              Set.of("tensor", CUDA + "calls", CUDA + "kernels", CUDA + "memory", CUDA + "graph")),
          Map.entry(
              CUDA + "graph", Set.of("tensor", CUDA + "calls", CUDA + "kernels", CUDA + "memory")));

  /** Every engine is named by this class and by no other. */
  private static final String FACTORY = "backend/Backends.java";

  /** What only some packages (and those below them) may name. */
  private static final List<Reserved> RESERVED =
      List.of(
          new Reserved("org\\.bytedeco\\.cuda\\b", "backend.cuda"),
          new Reserved("org\\.bytedeco\\.dnnl\\b", "backend.onednn"),
          new Reserved("org\\.bytedeco\\.leptonica\\b", "data.decoding"),
          new Reserved("org\\.bytedeco(?!\\.(leptonica|javacpp\\.Loader))\\b", "backend"),
          new Reserved("com\\.twelvemonkeys\\b", "data"),
          new Reserved("picocli\\.", "cli"),
          new Reserved("me\\.tongfei\\.", "cli"),
          new Reserved("System\\s*\\.\\s*(out|err)\\b", "cli"),
          new Reserved("printStackTrace\\s*\\(\\s*\\)", "cli"),
          new Reserved("(com\\.)?sun\\.[a-z]", ""),
          new Reserved("jdk\\.internal\\b", ""),
          new Reserved("Unsafe\\b", ""));

  private static final int MOST_LINES = 400;

  private static final Pattern COMMENT_OR_LITERAL =
      Pattern.compile(
          "\"\"\"(?s:\\\\.|[^\\\\])*?\"\"\""
              + "|\"(?:\\\\.|[^\"\\\\\n])*+\""
              + "|'(?:\\\\.|[^'\\\\\n])*+'"
              + "|//[^\n]*+"
              + "|/\\*(?s:.*?)\\*/");

  /** A name in org.vgg4j: its package, and the type after it if there is one. */
  private static final Pattern OWN_NAME =
      Pattern.compile("(?<![\\w.])org\\.vgg4j((?:\\.[a-z]\\w*+)*+)(?:\\.[A-Z*])?");

  private record Reserved(Pattern name, String allowed) {
    Reserved(String regex, String allowed) {
      this(Pattern.compile("\\b" + regex), allowed);
    }

    boolean allows(String where) {
      return where.equals(allowed) || (!allowed.isEmpty() && where.startsWith(allowed + "."));
    }
  }

  /** Returns what is wrong with one file; its path is relative to org/vgg4j. */
  private static List<String> violations(String path, String source) {
    String where = path.substring(0, Math.max(0, path.lastIndexOf('/'))).replace('/', '.');
    String code = COMMENT_OR_LITERAL.matcher(source).replaceAll(" ");
    Set<String> found = new LinkedHashSet<>();

    if (!MAY_USE.containsKey(where)) {
      found.add("package '" + where + "' is not in the table of ArchitectureTest");
    }
    Matcher names = OWN_NAME.matcher(code);
    while (names.find()) {
      String used = names.group(1).isEmpty() ? "" : names.group(1).substring(1);
      if (used.equals(where)) {
        continue;
      }
      if (!MAY_USE.getOrDefault(where, Set.of()).contains(used)) {
        found.add("package '" + where + "' may not use '" + used + "'");
      } else if (used.startsWith("backend.")
          && !path.equals(FACTORY)
          && !(used.startsWith(CUDA) && (where + ".").startsWith(CUDA))) {
        found.add("only " + FACTORY + " may name an engine, here '" + used + "'");
      }
    }
    for (Reserved reserved : RESERVED) {
      Matcher use = reserved.name().matcher(code);
      if (use.find() && !reserved.allows(where)) {
        String owner = reserved.allowed().isEmpty() ? "nobody" : reserved.allowed();
        found.add("'" + use.group() + "' is for " + owner);
      }
    }
    long lines = source.lines().count();
    if (lines > MOST_LINES) {
      found.add(lines + " lines: look again at 300, split before " + MOST_LINES);
    }
    return found.stream().map(violation -> path + ": " + violation).toList();
  }

  @Test
  void sourcesKeepTheRules() throws IOException {
    Path root = SOURCES.resolve("org").resolve("vgg4j");
    List<Path> files;
    try (Stream<Path> tree = Files.walk(root)) {
      files = tree.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
    assertFalse(files.isEmpty(), "no sources under " + root);
    List<String> found = new ArrayList<>();
    for (Path file : files) {
      String path = root.relativize(file).toString().replace('\\', '/');
      found.addAll(violations(path, Files.readString(file)));
    }
    assertEquals("", String.join("\n", found));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tensor/A.java            | import org.vgg4j.nn.Module;                    | may not use 'nn'
          tensor/A.java            | org.vgg4j.backend.Backends b;                  | may not use 'backend'
          nn/A.java                | import org.vgg4j.train.Trainer;                | may not use 'train'
          nn/A.java                | import static org.vgg4j.io.Damage.check;       | may not use 'io'
          optim/A.java             | new org.vgg4j.data.loading.Batch()  ;                  | may not use 'data.loading'
          data/A.java              | import org.vgg4j.cli.*;                        | may not use 'cli'
          train/A.java             | import org.vgg4j.cli.Main;                     | may not use 'cli'
          cli/A.java               | import org.vgg4j.backend.onednn.OneDnnBackend; | may not use 'backend.onednn'
          backend/Probe.java       | import org.vgg4j.backend.cuda.CudaBackend;     | may name an engine
          backend/cuda/A.java      | import org.vgg4j.backend.reference.Reference;  | may not use
          backend/Backends.java    | import org.vgg4j.backend.cuda.calls.GpuInfo;   | may not use 'backend.cuda.calls'
          cli/A.java               | import org.vgg4j.backend.cuda.calls.GpuInfo;   | may not use 'backend.cuda.calls'
          backend/cuda/calls/A.java | import org.vgg4j.backend.cuda.CudaOptions;    | may not use 'backend.cuda'
          backend/cuda/memory/A.java | import org.vgg4j.backend.cuda.operations.B;  | may not use 'backend.cuda.operations'
          backend/reference/A.java | import org.vgg4j.backend.Backends;             | may not use 'backend'
          misc/A.java              | class A {}                                     | not in the table
          A.java                   | class A {}                                     | not in the table
          backend/onednn/A.java    | import org.bytedeco.cuda.cudart.CUstream_st;   | is for backend.cuda
          backend/cuda/A.java      | import org.bytedeco.dnnl.engine;               | is for backend.onednn
          nn/A.java                | import org.bytedeco.javacpp.Pointer;           | is for backend
          io/A.java                | import org.bytedeco.leptonica.PIX;             | is for data.decoding
          cli/A.java               | import com.twelvemonkeys.imageio.A;            | is for data
          train/A.java             | @picocli.CommandLine.Command class A {}        | is for cli
          train/A.java             | import me.tongfei.progressbar.ProgressBar;     | is for cli
          train/A.java             | System.out.println(1);                         | is for cli
          io/A.java                | import static java.lang.System.err;            | is for cli
          io/A.java                | e.printStackTrace();                           | is for cli
          cli/A.java               | import sun.misc.Signal;                        | is for nobody
          optim/A.java             | import com.sun.management.ThreadMXBean;        | is for nobody
          optim/A.java             | private static final Unsafe U = null;          | is for nobody
          """)
  void plantedViolationsAreFound(String path, String source, String expected) {
    List<String> found = violations(path, source);
    assertTrue(
        found.stream().anyMatch(text -> text.startsWith(path + ": ") && text.contains(expected)),
        () -> "found " + found);
  }

  @Test
  void longFileIsFound() {
    assertEquals(List.of(), violations("nn/A.java", "\n".repeat(MOST_LINES)));
    assertEquals(1, violations("nn/A.java", "\n".repeat(MOST_LINES + 1)).size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "package org.vgg4j.train;",
        "import org.vgg4j.backend.Backends;",
        "import static org.vgg4j.io.Damage.check;",
        "/** As {@link org.vgg4j.cli.Main} does. */",
        "// not System.out",
        "String text = \"org.bytedeco.cuda \\\" // System.out\";",
        "String text = \"\"\"\n  say \"System.err\"\n  \"\"\";",
        "char quote = '\"'; // org.vgg4j.cli",
        "filesystem.outer();",
      })
  void whatIsAllowedPasses(String source) {
    assertEquals(List.of(), violations("run/A.java", source));
  }

  @Test
  void onlyTheFactoryNamesEngines() {
    String source = "import org.vgg4j.backend.cuda.CudaBackend;";
    assertEquals(List.of(), violations(FACTORY, source));
  }
}
