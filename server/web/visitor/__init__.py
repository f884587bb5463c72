"""The visitor's room: the API and its stream, the page without JavaScript, the clinic's page, the widget's file."""
