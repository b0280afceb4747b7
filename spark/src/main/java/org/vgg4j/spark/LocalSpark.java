package org.vgg4j.spark;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.vgg4j.tensor.InvalidInputException;

/**
 * A Spark of this machine alone, which nothing was installed for: this process is its driver and
 * its master, and each worker a process of its own. All of it listens on loopback only and asks for
 * a secret of this run.
 *
 * <p>Spark takes the folder of its work from the variable {@value #HOME}, which the launcher sets
 * to the name of a new one for each run.
 */
final class LocalSpark implements AutoCloseable {
  static final String HOME = "SPARK_HOME";

  /** The property that names the same folder, which is then made for this run alone. */
  private static final String OWN = "vgg4j.spark.own";

  /** The most that a worker's Java heap may take; nets and batches lie outside it. */
  private static final long MAX_HEAP_MIB = 4096;

  private static final String LOG =
      "-Dlog4j2.configurationFile=org/vgg4j/spark/quiet-log4j2.properties";

  private final SparkConf conf;
  private final Path home;
  private final boolean isOwn;
  private boolean isLogWanted;

  LocalSpark(SparkConf conf, int workers) throws IOException {
    String named = System.getenv(HOME);
    isOwn = named != null && Boolean.getBoolean(OWN);
    if (!isOwn && (named == null || !Files.isDirectory(Path.of(named, "jars")))) {
      throw new InvalidInputException(
          "no folder for Spark's work: start with ./vgg train, or set "
              + HOME
              + " to a folder with an empty folder jars in it, and SPARK_SCALA_VERSION=2.13");
    }
    home = Path.of(named);
    if (isOwn) {
      // What is there already is somebody else's.
      Files.createDirectory(
          home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.createDirectory(home.resolve("jars"));
    }
    this.conf = conf;
    configure(workers);
  }

  /** Returns how many threads each of so many workers has. */
  static int threads(int workers) {
    return Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
  }

  private void configure(int workers) {
    long heap = Math.max(512, Math.min(MAX_HEAP_MIB, machineMib() / 2 / workers));
    conf.set("spark.master", "local-cluster[%d,1,%d]".formatted(workers, heap))
        .setIfMissing("spark.executor.memory", heap + "m")
        .set("spark.authenticate", "true")
        .set("spark.authenticate.secret", secret())
        .set("spark.ui.enabled", "false")
        .set("spark.driver.host", "127.0.0.1")
        .set("spark.driver.bindAddress", "127.0.0.1")
        .set("spark.local.dir", home.resolve("tmp").toString())
        .set("spark.executor.extraClassPath", classPath())
        .set("spark.executor.extraJavaOptions", javaOptions())
        .set("spark.executorEnv.SPARK_LOCAL_IP", "127.0.0.1")
        .setIfMissing("spark.executorEnv.OMP_NUM_THREADS", Integer.toString(threads(workers)))
        .setIfMissing("spark.executor.heartbeatInterval", "500ms")
        .setIfMissing("spark.network.timeout", "60s")
        .set("spark.locality.wait", "0s")
        .set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
  }

  /** This process's own; a worker starts in another folder. */
  private static String classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(part -> Path.of(part).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String javaOptions() {
    StringBuilder options =
        new StringBuilder(
            "-XX:+UseSerialGC -Xmn16m -Djava.awt.headless=true"
                + " -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 "
                + LOG);
    for (String key : List.of("org.bytedeco.javacpp.cachedir", "vgg4j.home")) {
      String value = System.getProperty(key);
      if (value != null) {
        options.append(" \"-D").append(key).append('=').append(value).append('"');
      }
    }
    return options.toString();
  }

  private static long machineMib() {
    return java.lang.management.ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize() >> 20
        : MAX_HEAP_MIB;
  }

  private static String secret() {
    byte[] bytes = new byte[32];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  JavaSparkContext start() {
    return new JavaSparkContext(conf);
  }

  /** Keeps the workers' logs, and returns their folder. */
  Path keepLogs() {
    isLogWanted = true;
    return home.resolve("work");
  }

  /** Removes the folder of Spark's work, unless it is somebody's or its logs are wanted. */
  @Override
  public void close() {
    if (isLogWanted || !isOwn) {
      return;
    }
    try (Stream<Path> tree = Files.walk(home)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      // What is left lies in a temporary folder.
    }
  }
}
