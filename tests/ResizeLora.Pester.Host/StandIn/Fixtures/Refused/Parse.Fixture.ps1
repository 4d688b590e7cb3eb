Describe 'not closed' {
