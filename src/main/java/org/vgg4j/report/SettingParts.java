package org.vgg4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.vgg4j.run.RunRecord;

/** What a run was made of, and what makes it again. */
final class SettingParts {
  private static final List<String> VERSIONS = List.of("vgg4j", "java", "engine");

  private SettingParts() {}

  static void add(Page page, RunRecord run) {
    List<List<String>> rows = new ArrayList<>();
    run.config().forEach((key, value) -> rows.add(List.of(key, text(value))));
    rows.removeIf(row -> VERSIONS.contains(row.get(0)));
    page.section("Configuration").add(new Table(List.of("setting", "value"), rows));
    page.section("Versions")
        .add(
            new Table(
                List.of("what", "version"),
                VERSIONS.stream()
                    .filter(run.config()::containsKey)
                    .map(key -> List.of(key, text(run.config().get(key))))
                    .toList()));
    page.section("To repeat the run");
    List<String> command = run.command();
    if (command.isEmpty()) {
      page.paragraph(
          "No flags of ./vgg train say this run: a program trained it, or a file that it began"
              + " with is gone. Its configuration is above.");
    } else {
      page.add(
          new Listing(
              "./vgg "
                  + command.stream().map(SettingParts::quoted).collect(Collectors.joining(" "))));
    }
  }

  /** Returns an argument as a shell takes it. */
  private static String quoted(String argument) {
    return argument.matches("[\\w@%+=:,./-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** Returns a value of a configuration. */
  static String text(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> entry.getKey() + ": " + text(entry.getValue()))
          .collect(Collectors.joining(", "));
    }
    return String.valueOf(value);
  }
}
