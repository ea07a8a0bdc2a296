/** The commands by which a folder's tests are run, told from the files in it. Pure. */
export interface FolderFacts {
  readonly exists: (name: string) => boolean;
  /** Names of the scripts in package.json. */
  readonly scripts: readonly string[];
}

export interface TestCommand {
  readonly label: string;
  readonly command: string;
}

export function testCommands({ exists, scripts }: FolderFacts): TestCommand[] {
  const commands: TestCommand[] = [];
  const offer = (when: boolean, command: string) => {
    if (when) {
      commands.push({ label: command, command });
    }
  };
  for (const script of scripts) {
    offer(true, script === "test" ? "npm test" : `npm run ${script}`);
  }
  offer(exists("pytest.ini") || exists("conftest.py") || exists("tests/conftest.py"), "python3 -m pytest");
  offer(exists("go.mod"), "go test ./...");
  offer(exists("Cargo.toml"), "cargo test --release");
  offer(exists("pom.xml"), "mvn -q test");
  offer(exists("gradlew"), "./gradlew test");
  offer(exists("Makefile"), "make test");
  return commands;
}
