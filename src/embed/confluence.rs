//! Confluence: the storage format of its pages.

use super::document::Picture;
use super::html::{escaped, html_with};
use super::snippet::Content;

/// The body of a page, or a part of one.
pub(super) fn storage(content: &mut Content<'_>) -> String {
    let url = content.options.url.clone();
    if url.is_none() {
        let file = content.file();
        content.notes.push(format!(
            "attach {file} to the page (POST /wiki/rest/api/content/ID/child/attachment): the text shows it by its name"
        ));
    }
    html_with(&content.blocks(), 1, &|picture| clip(picture, url.as_deref()))
}

fn clip(picture: &Picture, url: Option<&str>) -> String {
    let resource = match url {
        Some(url) => format!("<ri:url ri:value=\"{}\"/>", escaped(url)),
        None => format!("<ri:attachment ri:filename=\"{}\"/>", escaped(&picture.file)),
    };
    match (picture.video, url) {
        (false, _) => format!(
            "<ac:image ac:alt=\"{}\" ac:width=\"{}\">{resource}</ac:image>\n",
            escaped(&picture.alt),
            picture.width
        ),
        // The macro plays what is attached to the page, and nothing from elsewhere.
        (true, None) => format!(
            "<ac:structured-macro ac:name=\"multimedia\"><ac:parameter ac:name=\"name\">{resource}</ac:parameter>\
             <ac:parameter ac:name=\"autostart\">false</ac:parameter></ac:structured-macro>\n"
        ),
        (true, Some(url)) => format!(
            "<p><a href=\"{}\">{}</a></p>\n",
            escaped(url),
            escaped(&picture.file)
        ),
    }
}
