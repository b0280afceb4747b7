package org.vgg4j.bundle;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which parts of the libraries a bundle needs.
 *
 * @param cuda the libraries of CUDA that the engine calls, as JavaCPP names their classes
 * @param withCpu whether oneDNN is among them
 */
record NativeParts(List<String> cuda, boolean withCpu) {
  /** Where the classes of CUDA's libraries are. */
  static final String CUDA = "org/bytedeco/cuda/global/";

  private static final Pattern BINDINGS =
      Pattern.compile("org/bytedeco/cuda/[^/]+/libjni(\\w+)\\..+");
  private static final Pattern OF_CPU = Pattern.compile("(dnnl|opencl)-[-.\\d]+-[a-z]+-\\w+\\.jar");

  /** What only other build tools read. */
  private static final Pattern FOR_BUILDS = Pattern.compile("META-INF/native-image/.*");

  /** Returns which entries of a jar are needed, null when the jar is not. */
  Predicate<String> wantedOf(String jar) {
    if (!withCpu && OF_CPU.matcher(jar).matches()) {
      return null;
    }
    return this::isWanted;
  }

  private boolean isWanted(String entry) {
    Matcher bindings = BINDINGS.matcher(entry);
    return bindings.matches()
        ? cuda.contains(bindings.group(1))
        : !FOR_BUILDS.matcher(entry).matches();
  }
}
