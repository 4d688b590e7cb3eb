# The MAML that the module carries: what PlatyPS makes of docs/help, completed from the pages. Shared by build.ps1 and the tests.
Set-StrictMode -Version Latest

# The paragraphs of a Markdown text as Get-Help shows them: without the marks of code and links.
function ConvertTo-HelpParagraph([string] $Markdown) {
    foreach ($paragraph in [regex]::Split($Markdown.Trim(), '\n{2,}')) {
        if ($paragraph) { ($paragraph -replace '\[([^\]]+)\]\([^)]+\)', '$1' -replace '`([^`]*)`', '$1').Trim() }
    }
}

# Replaces what an element of the MAML holds by paragraphs.
function Write-Paragraph([System.Xml.XmlElement] $Element, [string[]] $Paragraph) {
    $Element.RemoveAll()
    foreach ($text in $Paragraph) {
        $para = $Element.OwnerDocument.CreateElement('maml', 'para', 'http://schemas.microsoft.com/maml/2004/10')
        $para.InnerText = $text
        $null = $Element.AppendChild($para)
    }
}

# The code of an example and, after a blank line, what it writes: Get-Help keeps the blanks of code, but takes those
# at the beginning of a paragraph away, and with them the place of the first heading of a table.
function Get-ExampleCode([pscustomobject] $Example) {
    $Example.Output ? "$($Example.Code)`n`n$($Example.Output)" : $Example.Code
}

# The prose of an example, as paragraphs.
function Get-ExampleRemark([pscustomobject] $Example) {
    ConvertTo-HelpParagraph ([regex]::Replace($Example.Text, '(?s)```(powershell|output)\n.*?```', ''))
}

<#
.SYNOPSIS
Completes the MAML that PlatyPS makes of the pages.

.DESCRIPTION
PlatyPS 1.0 leaves out defaults and wildcards, and hands Markdown through: code blocks of examples, marks of code, links.
#>
function Complete-Maml {
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [pscustomobject[]] $Page)

    $document = [System.Xml.XmlDocument]::new()
    $document.Load($Path)
    $names = [System.Xml.XmlNamespaceManager]::new($document.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    foreach ($one in $Page) {
        $command = $document.SelectSingleNode("//command:command[command:details/command:name='$($one.Name)']", $names)
        Write-Paragraph $command.SelectSingleNode('command:details/maml:description', $names) @(ConvertTo-HelpParagraph $one.Synopsis)
        Write-Paragraph $command.SelectSingleNode('maml:description', $names) @(ConvertTo-HelpParagraph $one.Description)
        Write-Paragraph $command.SelectSingleNode('maml:alertSet/maml:alert', $names) @(ConvertTo-HelpParagraph $one.Notes)
        foreach ($parameter in $command.SelectNodes('.//command:parameter', $names)) {
            $name = $parameter.SelectSingleNode('maml:name', $names).InnerText
            $value = {
                param($key)
                [regex]::Match($one.Yaml[$name], "(?m)^${key}: (.*)$").Groups[1].Value -replace "^'(.*)'$", '$1' -replace "''", "'"
            }
            Write-Paragraph $parameter.SelectSingleNode('maml:description', $names) @(ConvertTo-HelpParagraph $one.Parameters[$name])
            $parameter.SetAttribute('globbing', (& $value 'SupportsWildcards'))
            $default = $document.CreateElement('dev', 'defaultValue', 'http://schemas.microsoft.com/maml/dev/2004/10')
            $default.InnerText = & $value 'DefaultValue'
            $null = $parameter.InsertAfter($default, $parameter.SelectSingleNode('dev:type', $names))
        }
        $inputs = @('command:inputTypes/command:inputType', $one.Inputs)
        $outputs = @('command:returnValues/command:returnValue', $one.Outputs)
        foreach ($pair in $inputs, $outputs) {
            foreach ($type in $command.SelectNodes($pair[0], $names)) {
                $prose = $pair[1][$type.SelectSingleNode('dev:type/maml:name', $names).InnerText]
                Write-Paragraph $type.SelectSingleNode('maml:description', $names) @(ConvertTo-HelpParagraph $prose)
            }
        }
        # Pages name their neighbours, as folders do; Get-Help -Online needs whole addresses.
        $links = $command.SelectNodes('command:relatedLinks/maml:navigationLink/maml:uri', $names)
        foreach ($link in $links) { $link.InnerText = [uri]::new([uri] $one.HelpUri, $link.InnerText).AbsoluteUri }
        $examples = $command.SelectNodes('command:examples/command:example', $names)
        for ($i = 0; $i -lt $examples.Count; $i++) {
            $examples[$i].SelectSingleNode('maml:introduction', $names).RemoveAll()
            $examples[$i].SelectSingleNode('dev:code', $names).InnerText = Get-ExampleCode $one.Examples[$i]
            Write-Paragraph $examples[$i].SelectSingleNode('dev:remarks', $names) @(Get-ExampleRemark $one.Examples[$i])
        }
    }
    $settings = [System.Xml.XmlWriterSettings]::new()
    $settings.Indent = $true
    $settings.NewLineChars = "`n"
    $settings.Encoding = [System.Text.UTF8Encoding]::new($false)
    $writer = [System.Xml.XmlWriter]::Create($Path, $settings)
    $document.Save($writer)
    $writer.Dispose()
    [System.IO.File]::AppendAllText($Path, "`n")
}

Export-ModuleMember -Function @(
    'Complete-Maml'
    'ConvertTo-HelpParagraph'
    'Get-ExampleCode'
    'Get-ExampleRemark'
)
