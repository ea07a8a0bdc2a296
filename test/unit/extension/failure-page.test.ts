import { expect, test } from "vitest";
import { failurePage } from "../../../extension/failure-page.js";

test("a file's name can't bring markup into the page of a failure", () => {
  const page = failurePage(`/w/<img src=x onerror="alert(1)">'s & more.pb.gz is no profile`);
  expect(page).toContain("/w/&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;s &amp; more.pb.gz is no profile");
  expect(page).toContain("default-src 'none'");
  expect(page).not.toContain("<script");
});
